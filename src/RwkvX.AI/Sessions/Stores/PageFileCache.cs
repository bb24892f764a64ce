using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>The page files that are open: each is opened and checked once, and stays until it changes or too many are.</summary>
internal sealed class PageFileCache(IStoreMedium medium, IBlobCipher? cipher)
{
    /// <summary>Mappings are a scarce thing (65,530 a process on Linux).</summary>
    private const int MaxFiles = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, PageFile> _files = [];

    /// <summary>The file, opened.</summary>
    /// <exception cref="StateCorruptException">It is missing or damaged.</exception>
    public PageFile Get(Guid id)
    {
        lock (_lock)
        {
            if (_files.TryGetValue(id, out PageFile? file)) return file;
            if (_files.Count >= MaxFiles) ClearLocked();
            string where = medium.Name(BlobKind.Pages, id);
            Blob blob = medium.Open(BlobKind.Pages, id) ?? throw new StateCorruptException(where, "page file", "one", "none");
            try
            {
                file = new PageFile(blob, id, cipher, where);
            }
            catch
            {
                blob.Release();
                throw;
            }

            _files.Add(id, file);
            return file;
        }
    }

    /// <summary>Lets go of a file that changes or is removed.</summary>
    /// <returns>True where nobody else reads it.</returns>
    public bool Drop(Guid id)
    {
        lock (_lock)
        {
            if (!_files.Remove(id, out PageFile? file)) return true;
            return file.Blob.Release();
        }
    }

    public void Clear()
    {
        lock (_lock) ClearLocked();
    }

    private void ClearLocked()
    {
        foreach (PageFile file in _files.Values) file.Blob.Release();
        _files.Clear();
    }
}
