using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>Which pages of a state go when they are more than a budget allows.</summary>
/// <remarks>
/// A function of the state's history alone: how often heads looked at a page does not depend on how tokens were split, and stored states keep it.
/// So a conversation that was restored drops what an uninterrupted one drops.
/// </remarks>
internal static class PageRetention
{
    /// <summary>The share of the budget that the newest pages have for themselves: nobody has had the time to look at them.</summary>
    private const int NewestShare = 4;

    /// <summary>Drops a state's least used full pages until the rest fits.</summary>
    /// <param name="state">The state.</param>
    /// <param name="pageTokens">Tokens of a full page.</param>
    /// <param name="budget">Bytes.</param>
    /// <param name="wholeChunks">Whether a chunk goes in all layers at once, by its looks in all of them.</param>
    /// <returns>What was dropped; null for nothing.</returns>
    public static DropRecord? Apply(RwkvXState state, int pageTokens, long budget, bool wholeChunks = false)
    {
        PageUsage usage = state.GetPageUsage();
        List<Candidate> held = [.. usage.Layers.SelectMany((pages, layer) => Full(pages, layer, pageTokens, state.TokenCount))];
        long bytes = held.Sum(page => page.Bytes), dropped = 0;
        if (bytes <= budget) return null;

        long newest = budget / held[0].Bytes / NewestShare / usage.Layers.Count; // pages a layer
        long newestFrom = (state.TokenCount / pageTokens) - newest;
        if (wholeChunks) held = [.. held.GroupBy(page => page.Id.Chunk).Select(Candidate.Of)];
        List<PageId> pages = [];
        foreach (Candidate page in held.OrderBy(page => page.Id.Chunk >= newestFrom).ThenBy(page => page).TakeWhile(_ => bytes - dropped > budget))
        {
            pages.AddRange(page.All);
            dropped += page.Bytes;
        }

        PageId[] ordered = [.. pages.OrderBy(page => page.Layer).ThenBy(page => page.Chunk)];
        state.DropPages(ordered);
        return new DropRecord(ordered, dropped, budget);
    }

    private static IEnumerable<Candidate> Full(IReadOnlyList<PageUse> pages, int layer, int pageTokens, long tokens) => pages
        .Select((page, chunk) => (page, chunk))
        .Where(entry => entry.page.RowCount == pageTokens && entry.page.Location != PageLocation.Dropped)
        .Select(entry => new Candidate(new PageId(layer, entry.chunk), entry.page.Bytes, entry.page.Looks + entry.page.EarlierLooks, tokens - ((entry.chunk + 1L) * pageTokens) + 1));

    /// <summary>A page in order of use: looks a token since it is full; of equal ones the older page goes first.</summary>
    private readonly record struct Candidate(PageId Id, long Bytes, long Looks, long Age) : IComparable<Candidate>
    {
        private PageId[]? Chunk { get; init; }

        /// <summary>The pages that go together: one of them, or a chunk's in all layers that still have it.</summary>
        public IEnumerable<PageId> All => Chunk ?? [Id];

        public static Candidate Of(IEnumerable<Candidate> chunk)
        {
            Candidate[] pages = [.. chunk];
            return pages[0] with { Bytes = pages.Sum(page => page.Bytes), Looks = pages.Sum(page => page.Looks), Chunk = [.. pages.Select(page => page.Id)] };
        }

        public int CompareTo(Candidate other)
        {
            int use = (Looks * other.Age).CompareTo(other.Looks * Age);
            return use != 0 ? use : (Id.Chunk, Id.Layer).CompareTo((other.Id.Chunk, other.Id.Layer));
        }
    }
}
