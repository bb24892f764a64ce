using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

// The pages of a state, and their table on the device.
internal sealed partial class CudaState
{
    /// <summary><see cref="StateStore.Reserve"/> for this state alone.</summary>
    /// <exception cref="DeviceMemoryException">No room; the state is as before.</exception>
    public void Reserve(long tokens) => _store.Reserve((this, tokens));

    /// <summary>The first part of <see cref="StateStore.Reserve"/>: larger tables and counts, which change nothing.</summary>
    public void ReserveTables(long tokens)
    {
        if (_store.Shape.Config.SparseLayerCount == 0)
            return;
        int pages = PagesOf(_tokenCount + tokens), chunkTokens = _store.Shape.Config.MobaChunkSize;
        if ((pages + 1L) * sizeof(ulong) > _table!.Bytes)
            GrowTable(pages);
        _looks.Reserve(checked((int)((_tokenCount + tokens + chunkTokens - 1) / chunkTokens)));
    }

    /// <summary>How many pages <see cref="Extend"/> takes at most.</summary>
    public int MissingPages(long tokens)
    {
        int missing = WritesToShared ? 1 : 0, needed = PagesOf(_tokenCount + tokens);
        for (int i = _pages.Count; i < needed; i++)
            missing += IsAbsent(i) ? 0 : 1;
        return missing;
    }

    /// <summary>The last part of <see cref="StateStore.Reserve"/>: takes nothing from the device.</summary>
    public void Extend(long tokens, Queue<ulong> pages)
    {
        if (_store.Shape.Config.SparseLayerCount == 0)
            return;
        if (WritesToShared)
            Own(PagesOf(_tokenCount) - 1, pages);
        int needed = PagesOf(_tokenCount + tokens);
        while (_pages.Count < needed)
            _pages.Add(IsAbsent(_pages.Count) ? AbsentPage() : new Page(pages.Dequeue()));
        UploadTable();
    }

    private bool WritesToShared => _store.Shape.Config.SparseLayerCount > 0 && _tokenCount % _store.Shape.PageTokens != 0 && _pages[PagesOf(_tokenCount) - 1].IsShared;

    private int PagesOf(long tokens) => _store.Shape.Config.SparseLayerCount == 0 ? 0 : checked((int)((tokens + _store.Shape.PageTokens - 1) / _store.Shape.PageTokens));

    private bool IsAbsent(int page) => _dropped.IsWhole(page / _store.Shape.PagesPerChunk);

    /// <summary>Pages that are full and still there.</summary>
    private void Drop(PageId[] pages)
    {
        if (pages.Length == 0)
            return;
        int perChunk = _store.Shape.PagesPerChunk;
        DroppedChunks after = _dropped.With(pages);
        PageId[] single = [.. pages.Where(page => !after.IsWhole(page.Chunk))]; // other layers keep theirs: only the mean goes
        int Last(PageId page) => ((page.Chunk + 1) * perChunk) - 1;
        if (single.Length < pages.Length)
            _ = _store.AbsentPage; // what memory there must be, before anything is dropped
        Queue<ulong> own = new(_store.Pages.Take(single.Select(Last).Distinct().Count(last => _pages[last].IsShared)));
        foreach (PageId page in single)
            Own(Last(page), own);
        _store.Return(own);
        float[] none = new float[_store.Shape.C];
        Array.Fill(none, float.NaN);
        foreach (PageId page in single)
            _store.Stream.Upload<float>(none, _pages[Last(page)].Address + (ulong)PageLayout.MeanOffset(_store.Shape, page.Layer));
        foreach (int chunk in pages.Select(page => page.Chunk).Distinct().Where(after.IsWhole))
            for (int i = chunk * perChunk; i < (chunk + 1) * perChunk; i++)
                Replace(i, AbsentPage());
        _store.Stream.Synchronize();
        _dropped = after;
    }

    /// <summary>A page that the state may write to.</summary>
    private void Own(int index, Queue<ulong> pages)
    {
        if (!_pages[index].IsShared)
            return;
        ulong own = pages.Dequeue();
        _store.Stream.Copy(_pages[index].Address, own, _store.Shape.PageBytes);
        Replace(index, new Page(own));
    }

    private void Replace(int index, Page page)
    {
        Release(_pages[index]);
        _pages[index] = page;
        _tableLength = Math.Min(_tableLength, index);
    }

    private Page AbsentPage()
    {
        _store.AbsentPage.Share();
        return _store.AbsentPage;
    }

    private void Release(Page page)
    {
        if (page.Release())
            _store.Pages.Return(page.Address);
    }

    private void UploadTable()
    {
        if (_tableLength == _pages.Count && _tableLooks == _looks.Address)
            return;
        if (_tableLooks != _looks.Address)
            _store.Stream.Upload<ulong>([_looks.Address], _table!.Address);
        _tableLooks = _looks.Address;
        ulong[] entries = [.. _pages.Skip(_tableLength).Select(p => p.Address)];
        _store.Stream.Upload<ulong>(entries, Table + (ulong)(_tableLength * sizeof(ulong)));
        _tableLength = _pages.Count;
    }

    private void GrowTable(int entries)
    {
        DeviceMemory table = _store.NewTable(((long)Math.Max(entries, 16) * 2 + 1) * sizeof(ulong));
        if (_table is not null)
            _store.DropTable(_table);
        _table = table;
        _tableLength = 0;
        _tableLooks = null;
    }
}
