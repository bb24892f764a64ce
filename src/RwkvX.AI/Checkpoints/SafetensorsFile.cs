using System.Buffers.Binary;

namespace RwkvX.AI.Checkpoints;

/// <summary>A safetensors file: eight bytes of header length, a JSON header, the tensors' bytes without gaps.</summary>
/// <remarks>Format: https://huggingface.co/docs/safetensors. Tensors are views; nothing is copied.</remarks>
internal sealed unsafe class SafetensorsFile : Checkpoint
{
    /// <summary>Bytes before the header.</summary>
    public const int LengthBytes = sizeof(ulong);

    /// <summary>The format's own limit on the header.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    private readonly CheckpointMemory _memory;
    private readonly Dictionary<string, CheckpointTensor> _tensors;

    /// <summary>Parses the header. The memory is disposed with the file, but not where this throws.</summary>
    public SafetensorsFile(CheckpointMemory memory)
    {
        _memory = memory;
        var budget = new AllocationBudget(memory.Path, memory.Length);
        int headerLength = ReadHeaderLength(memory);
        var header = new SafetensorsHeader(memory.Path, memory.Slice(LengthBytes, headerLength), budget);
        Metadata = header.Metadata;
        long dataStart = LengthBytes + headerLength;
        CheckLayout(header.Entries, memory.Length - dataStart);
        _tensors = new Dictionary<string, CheckpointTensor>(header.Entries.Count, StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in header.Entries)
        {
            var tensor = new CheckpointTensor(
                entry.Name, entry.Type, entry.Shape, memory.Start + dataStart + entry.Begin, entry.End - entry.Begin, memory);
            if (!_tensors.TryAdd(entry.Name, tensor))
                throw new CheckpointException(Path, TensorShape.Printable(entry.Name), "one tensor of that name", "two");
        }
        LinkScales(Path, _tensors, budget);
    }

    public override string Path => _memory.Path;

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>True where the header starts as JSON must.</summary>
    public static bool Recognizes(CheckpointMemory memory) => memory.Length > LengthBytes && memory.Start[LengthBytes] == (byte)'{';

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _memory.Dispose();
    }

    private static int ReadHeaderLength(CheckpointMemory memory)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(memory.Slice(0, LengthBytes));
        ulong room = (ulong)Math.Min(memory.Length - LengthBytes, MaxHeaderBytes);
        return length <= room ? (int)length : throw new CheckpointException(memory.Path, "header", $"at most {room} bytes", $"{length} bytes");
    }

    /// <summary>The tensors must cover the data exactly, without overlap or gap.</summary>
    private void CheckLayout(List<SafetensorsEntry> entries, long dataLength)
    {
        entries.Sort(static (x, y) => x.Begin != y.Begin ? x.Begin.CompareTo(y.Begin) : x.End.CompareTo(y.End));
        long end = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Begin != end)
                throw new CheckpointException(Path, TensorShape.Printable(entry.Name), $"data from offset {end} on", $"from {entry.Begin} on");
            if (entry.End > dataLength)
                throw new CheckpointException(Path, TensorShape.Printable(entry.Name), $"data up to offset {entry.End}", $"a file that ends at {dataLength}");
            end = entry.End;
        }
        if (end != dataLength)
            throw new CheckpointException(Path, $"expected {end} bytes of tensors, found {dataLength}");
    }
}
