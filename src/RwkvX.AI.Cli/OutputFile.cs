namespace RwkvX.AI.Cli;

/// <summary>Files that verbs write: what cannot be one is refused before the work, and an error names it.</summary>
internal static class OutputFile
{
    /// <summary>Checks that there is a place for the file.</summary>
    /// <exception cref="CliException">The path is a directory, or lies in none.</exception>
    public static void Check(string path)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full)) throw new CliException($"{path}: expected a file to write, found a directory");
        string? directory = Path.GetDirectoryName(full);
        if (!Directory.Exists(directory)) throw new CliException($"{path}: expected a directory to write into, found none at {directory}");
    }

    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static void Write(string path, Action write)
    {
        Check(path);
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path}: cannot be written: {e.Message}", e);
        }
    }
}
