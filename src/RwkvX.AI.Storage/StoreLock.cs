using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Storage;

/// <summary>Holds a store's folder for one process; the system lets go of it when the process ends, however it does.</summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream _file;

    public StoreLock(string root)
    {
        string path = Path.Combine(root, "lock");
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new StoreLockedException(root, "another process, or another store object of this one", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
