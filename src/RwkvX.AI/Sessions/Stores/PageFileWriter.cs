using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>Gathers full pages and writes them in files of a bounded size.</summary>
internal sealed class PageFileWriter(IStoreMedium medium, RwkvXConfig config, TensorType type, IBlobCipher? cipher, long maxBytes = PageFormat.MaxBytes)
{
    private readonly List<(int Layer, int Chunk, PageSnapshot Page)> _pending = [];
    private readonly List<Guid> _written = [];
    private Guid _file = Guid.NewGuid();

    /// <summary>Takes a page; returns where it will lie once <see cref="Flush"/> has run.</summary>
    public PageRun Add(int layer, int chunk, PageSnapshot page)
    {
        if (_pending.Count > 0 && (_pending.Count + 1) * 2 * PageFormat.HalfBytes(config, type) > maxBytes) Flush();
        _pending.Add((layer, chunk, page));
        return new PageRun(_file, _pending.Count - 1, 1);
    }

    public void Flush()
    {
        if (_pending.Count == 0) return;
        _written.Add(_file);
        medium.Write(BlobKind.Pages, _file, stream => PageFormat.Write(stream, _file, config, type, _pending, cipher));
        _pending.Clear();
        _file = Guid.NewGuid();
    }

    /// <summary>Removes what was written.</summary>
    public void Undo()
    {
        foreach (Guid file in _written) medium.Delete(BlobKind.Pages, file, overwrite: true);
    }

    /// <summary>Appends a run, to the last one where it carries on.</summary>
    public static void Extend(List<PageRun> runs, PageRun next)
    {
        if (runs is [.., { } last] && last.IsFollowedBy(next)) runs[^1] = last with { Count = last.Count + next.Count };
        else runs.Add(next);
    }
}
