using System.Security.Cryptography;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Writes through to a stream and hashes what it writes.</summary>
internal sealed class FrameStreamWriter(Stream stream) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        stream.Write(bytes);
    }

    public void Frame(byte kind, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[Formats.Frame.HeadBytes];
        Formats.Frame.WriteHead(head, kind, 0, payload);
        Write(head);
        Write(payload);
    }

    /// <summary>Ends with the hash of all written so far.</summary>
    public void End() => Frame(ExportFormat.End, _hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();
}
