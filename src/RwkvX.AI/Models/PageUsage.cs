namespace RwkvX.AI.Models;

/// <summary>Where a state's pages of keys and values lie, and which of them its tokens chose to look at.</summary>
/// <param name="Layers">(M) for each sparse layer its pages from position 0.</param>
public sealed record PageUsage(IReadOnlyList<IReadOnlyList<PageUse>> Layers)
{
    /// <summary>Bytes of the pages that lie somewhere.</summary>
    /// <param name="location">Where.</param>
    public long BytesIn(PageLocation location) => Layers.Sum(pages => pages.Where(page => page.Location == location).Sum(page => page.Bytes));

    /// <summary>How many pages lie somewhere.</summary>
    /// <param name="location">Where.</param>
    public int PagesIn(PageLocation location) => Layers.Sum(pages => pages.Count(page => page.Location == location));
}
