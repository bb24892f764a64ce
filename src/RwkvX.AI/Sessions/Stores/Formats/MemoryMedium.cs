using System.Runtime.InteropServices;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>A store's bytes in memory, in the formats of the files. Gone with the process.</summary>
internal sealed class MemoryMedium : IStoreMedium
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(BlobKind, Guid), byte[]> _blobs = [];
    private readonly Dictionary<Guid, List<byte>> _logs = [];

    public string Name(BlobKind kind, Guid id) => $"{kind} {id:n}";

    public StoreContents Load() => new([], [], [], KeepUnknownLogs: false);

    public void Commit(IReadOnlyList<IndexChange> changes)
    {
    }

    public void Scrub()
    {
    }

    public IReadOnlyList<(BlobKind Kind, Guid Id, long Length)> List()
    {
        lock (_lock)
        {
            return [.. _blobs.Select(entry => (entry.Key.Item1, entry.Key.Item2, (long)entry.Value.Length)),
                .. _logs.Select(entry => (BlobKind.Log, entry.Key, (long)entry.Value.Count))];
        }
    }

    public long Length(BlobKind kind, Guid id)
    {
        lock (_lock)
        {
            if (kind == BlobKind.Log) return _logs.TryGetValue(id, out List<byte>? log) ? log.Count : -1;
            return _blobs.TryGetValue((kind, id), out byte[]? bytes) ? bytes.Length : -1;
        }
    }

    public Blob? Open(BlobKind kind, Guid id)
    {
        lock (_lock) return _blobs.TryGetValue((kind, id), out byte[]? bytes) ? new MemoryBlob(bytes) : null;
    }

    public byte[] ReadLog(Guid id, long offset, int length)
    {
        lock (_lock)
        {
            if (!_logs.TryGetValue(id, out List<byte>? log) || offset >= log.Count) return [];
            return CollectionsMarshal.AsSpan(log).Slice((int)offset, (int)Math.Min(length, log.Count - offset)).ToArray();
        }
    }

    public void AppendLog(Guid id, long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            ref List<byte>? log = ref CollectionsMarshal.GetValueRefOrAddDefault(_logs, id, out _);
            log ??= [];
            CollectionsMarshal.SetCount(log, (int)offset);
            log.AddRange(bytes);
        }
    }

    public void CutLog(Guid id, long length)
    {
        lock (_lock)
        {
            if (length == 0) _logs.Remove(id);
            else CollectionsMarshal.SetCount(_logs[id], (int)length);
        }
    }

    public long Write(BlobKind kind, Guid id, Action<Stream> write)
    {
        using MemoryStream stream = new();
        write(stream);
        lock (_lock)
        {
            if (kind == BlobKind.Log) _logs[id] = [.. stream.ToArray()];
            else _blobs[(kind, id)] = stream.ToArray();
        }

        return stream.Length;
    }

    public long Delete(BlobKind kind, Guid id, bool overwrite)
    {
        lock (_lock)
        {
            if (kind == BlobKind.Log) return _logs.Remove(id, out List<byte>? log) ? log.Count : 0;
            if (!_blobs.Remove((kind, id), out byte[]? bytes)) return 0;
            if (overwrite) Array.Clear(bytes);
            return bytes.Length;
        }
    }

    public long Sweep() => 0;

    public IReadOnlyList<StoreProblem> Check(IReadOnlyList<ConversationRow> conversations) => [];

    public void Dispose()
    {
    }
}
