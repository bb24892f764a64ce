namespace RwkvX.AI.Checkpoints;

/// <summary>A file that appears complete or not at all.</summary>
internal static class ReplacedFile
{
    /// <summary>Writes into a new file beside the path, flushes it to the disk, and renames it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="beforeRename">What must be in place before the file is; it runs when nothing but the renaming can fail any more.</param>
    public static void Write(string path, Action<Stream> write, Action? beforeRename = null)
    {
        string full = Path.GetFullPath(path);
        if (!IsReplaceable(full))
        {
            using var device = new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            write(device);
            beforeRename?.Invoke();
            return;
        }

        string temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            beforeRename?.Invoke();
            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Whether a file may take the path's place: a device, or a pipe that a process holds open, is written where it is.</summary>
    internal static bool IsReplaceable(string full)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(full))
            return true;
        if (full.StartsWith("/dev/shm/", StringComparison.Ordinal))
            return true; // a file system in memory
        return !full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/proc/", StringComparison.Ordinal);
    }
}
