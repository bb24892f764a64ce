using System.IO.MemoryMappedFiles;

namespace RwkvX.AI.Cpu;

/// <summary>One file of a <see cref="SpillFile"/>: written through its handle, read through its mapping.</summary>
internal sealed unsafe class SpillSegment : IDisposable
{
    private readonly FileStream _stream;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <summary>Makes a file of its own name and maps it.</summary>
    public SpillSegment(string folder, long bytes)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"rwkvx-{Environment.ProcessId}-{Guid.NewGuid():n}.pages");
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose | FileOptions.RandomAccess : FileOptions.RandomAccess,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _stream = new FileStream(path, options);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.Delete(path);
            }

            _stream.SetLength(bytes);
            _file = MemoryMappedFile.CreateFromFile(_stream, null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);
        }
        catch
        {
            _file?.Dispose();
            _stream.Dispose();
            throw;
        }

        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = start + _view.PointerOffset;
    }

    /// <summary>The first byte of the mapping.</summary>
    public byte* Start { get; }

    /// <summary>Writes bytes that nobody reads yet.</summary>
    public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_stream.SafeFileHandle, bytes, offset);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        _stream.Dispose();
    }
}
