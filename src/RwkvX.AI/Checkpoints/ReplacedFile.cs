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
}
