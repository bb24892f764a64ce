using RwkvX.AI.Models;

namespace RwkvX.AI.Memory;

/// <summary>An exported state in plain memory, which hangs on no engine.</summary>
internal static class PlainSnapshot
{
    /// <summary>Copies what is not plain memory yet.</summary>
    /// <param name="exported">The state, with its lease.</param>
    /// <param name="held">(M, full pages) pages that are in plain memory already, the same ones; null for those to be copied.</param>
    public static StateSnapshot Of(StateSnapshot exported, PageSnapshot?[][] held) => new()
    {
        Config = exported.Config,
        TokenCount = exported.TokenCount,
        RwkvLayers = exported.RwkvLayers,
        SparseLayers = [.. exported.SparseLayers.Zip(held, (layer, pages) => layer with
        {
            Pages = [.. layer.Pages.Select((page, chunk) => page.IsDropped ? page : pages.ElementAtOrDefault(chunk) ?? Copy(page, exported.Lease))],
        })],
        PageType = exported.PageType,
    };

    private static PageSnapshot Copy(PageSnapshot page, IPageLease? lease) => lease is null ? page : page with { Keys = page.Keys.ToArray(), Values = page.Values.ToArray() };
}
