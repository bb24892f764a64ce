namespace RwkvX.AI.Checkpoints;

/// <summary>How much managed memory the opening of one file may take: a file cannot ask for much more than it holds.</summary>
/// <remarks>
/// Opening promises to stay below 4 × the file + 1 MiB. Whatever grows with the file's content is charged here before it is
/// allocated, at its worst cost; the rest of the promise is the slack for what does not grow (streams, the error itself).
/// </remarks>
internal sealed class AllocationBudget(string file, long fileLength)
{
    private const long FixedPart = 512 << 10;
    private const int FilePart = 3;

    /// <summary>Worst cost of one entry in a dictionary or list that grows by doubling: bucket, entry, the outgrown tables.</summary>
    public const int EntryBytes = 128;

    private long _left = FixedPart + FilePart * Math.Min(fileLength, long.MaxValue / 8);

    /// <summary>Takes bytes from what is left.</summary>
    /// <exception cref="CheckpointException">The file asks for more than it may.</exception>
    public void Charge(long bytes, string what)
    {
        if ((ulong)bytes > (ulong)_left)
        {
            throw new CheckpointException(
                file, TensorShape.Printable(what), $"at most {_left} bytes of memory ({FilePart} times the file's {fileLength} in all)", $"{bytes}");
        }
        _left -= bytes;
    }

    /// <summary>Takes the bytes of a string of at most this many UTF-16 units.</summary>
    public void ChargeString(long length, string what) => Charge(32 + 2 * length, what);
}
