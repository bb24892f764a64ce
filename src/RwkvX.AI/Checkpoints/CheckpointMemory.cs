using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace RwkvX.AI.Checkpoints;

/// <summary>The bytes of one checkpoint: a mapped file, a resource in an assembly's image, or pinned memory; and what was unpacked from it.</summary>
internal sealed unsafe class CheckpointMemory : IDisposable
{
    private readonly List<byte[]> _unpacked = [];
    private MemoryMappedFile? _map;
    private MemoryMappedViewAccessor? _view;
    private UnmanagedMemoryStream? _stream;
    private MemoryHandle _pin;

    private CheckpointMemory(string path, byte* start, long length)
    {
        Path = path;
        Start = start;
        Length = length;
    }

    /// <summary>The file's path, or a name in angle brackets.</summary>
    public string Path { get; }

    /// <summary>The first byte; may be unaligned.</summary>
    public byte* Start { get; }

    /// <summary>Bytes in all.</summary>
    public long Length { get; }

    /// <summary>True after <see cref="Dispose"/>: no pointer into this memory may be followed any more.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Maps a file for reading. Nobody may cut the file short while it is mapped.</summary>
    /// <exception cref="CheckpointException">The file is missing, cannot be read, or is empty.</exception>
    public static CheckpointMemory Map(string path)
    {
        MemoryMappedFile? map = null;
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            long length = file.Length;
            if (length == 0)
            {
                file.Dispose();
                throw new CheckpointException(path, "expected a model file, found an empty one");
            }
            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            MemoryMappedViewAccessor view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return new CheckpointMemory(path, start + view.PointerOffset, length) { _map = map, _view = view };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            map?.Dispose();
            throw Unreadable(path, e);
        }
    }

    /// <summary>Takes over a stream. One over unmanaged memory, such as an embedded resource, is not copied.</summary>
    public static CheckpointMemory Over(Stream stream, string name)
    {
        stream.Position = 0;
        if (stream is UnmanagedMemoryStream unmanaged)
            return new CheckpointMemory(name, unmanaged.PositionPointer, unmanaged.Length) { _stream = unmanaged };
        using (stream)
        {
            byte[] copy = new byte[stream.Length];
            stream.ReadExactly(copy);
            return Over(copy.AsMemory(), name);
        }
    }

    /// <summary>Pins managed memory.</summary>
    public static CheckpointMemory Over(ReadOnlyMemory<byte> bytes, string name)
    {
        MemoryHandle pin = bytes.Pin();
        return new CheckpointMemory(name, (byte*)pin.Pointer, bytes.Length) { _pin = pin };
    }

    /// <summary>The error for a file that the operating system does not let us read.</summary>
    public static CheckpointException Unreadable(string path, Exception cause) => new(
        path, cause is FileNotFoundException or DirectoryNotFoundException ? "expected a file, found none" : $"cannot be read: {cause.Message}", cause);

    /// <summary>Some of the bytes; the caller has checked that they exist.</summary>
    public ReadOnlySpan<byte> Slice(long offset, int length) => new(Start + offset, length);

    /// <summary>Pinned memory that lives as long as this; the caller has charged it to a budget.</summary>
    public byte[] Allocate(int length)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        _unpacked.Add(bytes);
        return bytes;
    }

    public void Dispose()
    {
        if (IsDisposed)
            return;
        IsDisposed = true;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _map?.Dispose();
        _stream?.Dispose();
        _pin.Dispose();
        _unpacked.Clear();
    }
}
