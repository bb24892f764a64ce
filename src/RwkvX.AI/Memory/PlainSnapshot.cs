using RwkvX.AI.Models;

namespace RwkvX.AI.Memory;

/// <summary>An exported state in plain memory, which hangs on no engine.</summary>
internal static class PlainSnapshot
{
    /// <summary>Copies what is not plain memory yet.</summary>
    /// <param name="exported">The state, with its lease.</param>
    /// <param name="held">(M, full pages) pages that are in plain memory already, the same ones; null for those to be copied.</param>
    public static StateSnapshot Of(StateSnapshot exported, PageSnapshot?[][] held) =>
        WithPages(exported, (page, layer, chunk) => held[layer].ElementAtOrDefault(chunk) ?? Copy(page, exported.Lease));

    /// <summary>The same state with other pages, and no lease; what was dropped stays so.</summary>
    /// <param name="snapshot">The state.</param>
    /// <param name="pageOf">A page for one that is there, its layer and its chunk.</param>
    public static StateSnapshot WithPages(StateSnapshot snapshot, Func<PageSnapshot, int, int, PageSnapshot> pageOf) => new()
    {
        Config = snapshot.Config,
        TokenCount = snapshot.TokenCount,
        RwkvLayers = snapshot.RwkvLayers,
        SparseLayers = [.. snapshot.SparseLayers.Select((layer, m) => layer with
        {
            Pages = [.. layer.Pages.Select((page, chunk) => page.IsDropped ? page : pageOf(page, m, chunk))],
        })],
        PageType = snapshot.PageType,
    };

    private static PageSnapshot Copy(PageSnapshot page, IPageLease? lease) => lease is null ? page : page with { Keys = page.Keys.ToArray(), Values = page.Values.ToArray() };
}
