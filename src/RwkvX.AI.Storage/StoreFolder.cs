using Microsoft.Win32.SafeHandles;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Storage;

/// <summary>The files of a store: logs, states and pages, each kind in a folder of its own. Everything is flushed before a call returns.</summary>
internal sealed class StoreFolder
{
    private const string Temporary = ".tmp";
    private const int ZeroBlock = 1 << 16;
    private readonly string[] _folders;
    private readonly bool _overwrite;

    public StoreFolder(string root, bool overwrite)
    {
        _overwrite = overwrite;
        _folders = [Path.Combine(root, "logs"), Path.Combine(root, "states"), Path.Combine(root, "pages")];
        foreach (string folder in _folders) Directory.CreateDirectory(folder);
        DirectoryFlush.Flush(root);
    }

    public string PathOf(BlobKind kind, Guid id) => Path.Combine(_folders[(int)kind], $"{id:n}{Extension(kind)}");

    public static string Name(BlobKind kind, Guid id) => $"{kind switch { BlobKind.Log => "logs", BlobKind.State => "states", _ => "pages" }}/{id:n}{Extension(kind)}";

    public List<(BlobKind Kind, Guid Id, long Length)> List()
    {
        List<(BlobKind, Guid, long)> found = [];
        foreach (BlobKind kind in (ReadOnlySpan<BlobKind>)[BlobKind.Log, BlobKind.State, BlobKind.Pages])
        {
            foreach (FileInfo file in new DirectoryInfo(_folders[(int)kind]).EnumerateFiles($"*{Extension(kind)}"))
                if (Guid.TryParseExact(Path.GetFileNameWithoutExtension(file.Name), "n", out Guid id)) found.Add((kind, id, file.Length));
        }

        return found;
    }

    public long Length(BlobKind kind, Guid id) => new FileInfo(PathOf(kind, id)) is { Exists: true } file ? file.Length : -1;

    public Blob? Open(BlobKind kind, Guid id)
    {
        string path = PathOf(kind, id);
        long length = Length(kind, id);
        if (length < 0) return null;
        return kind == BlobKind.Pages && length > 0 ? new MappedBlob(path) : new MemoryBlob(File.ReadAllBytes(path));
    }

    public byte[] Read(BlobKind kind, Guid id, long offset, int length)
    {
        long available = Length(kind, id) - offset;
        if (available <= 0) return [];
        using SafeFileHandle file = File.OpenHandle(PathOf(kind, id));
        byte[] bytes = new byte[(int)Math.Min(length, available)];
        int filled = 0;
        while (filled < bytes.Length)
        {
            int read = RandomAccess.Read(file, bytes.AsSpan(filled), offset + filled);
            if (read == 0) return bytes[..filled];
            filled += read;
        }

        return bytes;
    }

    public void Append(BlobKind kind, Guid id, long offset, ReadOnlySpan<byte> bytes)
    {
        using (SafeFileHandle file = File.OpenHandle(PathOf(kind, id), offset == 0 ? FileMode.Create : FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(file, bytes, offset);
            RandomAccess.FlushToDisk(file);
        }

        if (offset == 0) DirectoryFlush.Flush(_folders[(int)kind]);
    }

    public void Cut(BlobKind kind, Guid id, long length)
    {
        if (length == 0)
        {
            Delete(kind, id, overwrite: true);
            return;
        }

        using SafeFileHandle file = File.OpenHandle(PathOf(kind, id), FileMode.Open, FileAccess.Write);
        if (_overwrite) Zero(file, length);
        RandomAccess.SetLength(file, length);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Writes beside the file, flushes, renames over it, flushes the folder.</summary>
    public long Write(BlobKind kind, Guid id, Action<Stream> write)
    {
        string path = PathOf(kind, id), temporary = path + Temporary;
        long length;
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, ZeroBlock))
        {
            write(stream);
            stream.Flush(flushToDisk: true);
            length = stream.Length;
        }

        // A log's old bytes are overwritten once it has no name any more; page files may be mapped by a reader.
        using SafeFileHandle? old = _overwrite && kind == BlobKind.Log && File.Exists(path)
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete) : null;
        File.Move(temporary, path, overwrite: true);
        DirectoryFlush.Flush(_folders[(int)kind]);
        if (old is not null) Zero(old, 0);
        return length;
    }

    /// <summary>Removes a file; negative where the system holds on to it.</summary>
    public long Delete(BlobKind kind, Guid id, bool overwrite)
    {
        string path = PathOf(kind, id);
        long length = Length(kind, id);
        if (length < 0) return 0;
        try
        {
            if (overwrite && _overwrite)
            {
                using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
                Zero(file, 0);
            }

            File.Delete(path);
        }
        catch (IOException)
        {
            return -length; // Windows: mapped by a reader
        }

        DirectoryFlush.Flush(_folders[(int)kind]);
        return length;
    }

    public long Sweep()
    {
        long removed = 0;
        foreach (string folder in _folders)
        {
            foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles($"*{Temporary}"))
            {
                removed += file.Length;
                file.Delete();
            }
        }

        return removed;
    }

    private static void Zero(SafeFileHandle file, long from)
    {
        ReadOnlySpan<byte> zeros = new byte[ZeroBlock];
        long length = RandomAccess.GetLength(file);
        for (long at = from; at < length; at += ZeroBlock) RandomAccess.Write(file, zeros[..(int)Math.Min(ZeroBlock, length - at)], at);
        RandomAccess.FlushToDisk(file);
    }

    private static string Extension(BlobKind kind) => kind switch { BlobKind.Log => ".log", BlobKind.State => ".state", _ => ".pages" };
}
