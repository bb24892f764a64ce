using System.Security.Cryptography;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Reads frames from a stream of unknown honesty and hashes what it reads.</summary>
internal sealed class FrameStreamReader(Stream stream, string where) : IDisposable
{
    private const int Step = 1 << 20;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Position { get; private set; }

    /// <summary>The next bytes, exactly as many. What is announced is not allocated before it is there.</summary>
    public byte[] Read(int length)
    {
        if (stream.CanSeek && length > stream.Length - stream.Position)
            throw new StateCorruptException($"{where} at {Position}", "bytes", length, stream.Length - stream.Position);
        byte[] bytes = new byte[Math.Min(length, stream.CanSeek ? length : Step)];
        int filled = 0;
        while (filled < length)
        {
            if (filled == bytes.Length) Array.Resize(ref bytes, (int)Math.Min(length, 2L * bytes.Length));
            int read = stream.Read(bytes, filled, Math.Min(bytes.Length, length) - filled);
            if (read == 0) throw new StateCorruptException($"{where} at {Position}", "bytes", length, filled);
            filled += read;
        }

        _hash.AppendData(bytes);
        Position += length;
        return bytes;
    }

    /// <summary>The next frame's payload; it must be of one kind.</summary>
    public byte[] Expect(byte kind, out byte[] head)
    {
        string place = $"{where} at {Position}";
        head = Read(Frame.HeadBytes);
        byte[] payload = Read(Frame.Length(head, place));
        Frame frame = Frame.Check(head, payload, place);
        if (frame.Kind != kind) throw new StateCorruptException(place, "part", kind, frame.Kind);
        return payload;
    }

    /// <summary>(32) the hash of all read so far.</summary>
    public byte[] Hash() => _hash.GetCurrentHash();

    public void Dispose() => _hash.Dispose();
}
