namespace RwkvX.AI.Storage.Tests;

/// <summary>A folder that goes with the test.</summary>
internal sealed class TestFolder : IDisposable
{
    /// <param name="inMemory">True to take one whose flushes cost nothing, where the system has one: for many short stores.</param>
    public TestFolder(bool inMemory = false)
    {
        string parent = inMemory && Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"rwkvx-{Guid.NewGuid():n}")).FullName;
    }

    public string Path { get; }

    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, folder)));
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            if (System.IO.Path.GetFileName(file) == "lock") continue; // held, and empty
            string target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
            using FileStream source = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream copy = new(target, FileMode.Create);
            source.CopyTo(copy);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
