using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions;

/// <summary>The full pages that a kept state added to those of the state it was forked from, and how many kept states hold them.</summary>
/// <remarks>
/// A chain: a state holds what is here and in all <paramref name="origin"/>s. It outlives its entry, since later states hold the pages on.
/// </remarks>
/// <param name="state">The state.</param>
/// <param name="pageTokens">Tokens in a page.</param>
/// <param name="origin">Of the state that was forked and advanced to this one; null for a state from the start.</param>
internal sealed class SharedPages(RwkvXState state, int pageTokens, SharedPages? origin)
{
    private readonly long _tokens = state.TokenCount;
    private int _holders;

    /// <summary>Bytes of all full pages of the state. A partly filled page is copied by the state that writes on, so it is never shared.</summary>
    public long PageBytes { get; } = FullPages(state, pageTokens);

    /// <summary>Notes one more kept state that holds these pages and their origins'.</summary>
    /// <returns>Bytes that no kept state held before.</returns>
    public long Hold()
    {
        long bytes = 0;
        for (SharedPages? part = this; part is not null; part = part.Origin)
        {
            bytes += part._holders++ == 0 ? part.Bytes : 0;
        }

        return bytes;
    }

    /// <summary>Undoes <see cref="Hold"/>.</summary>
    /// <returns>Bytes that no kept state holds any more.</returns>
    public long Release()
    {
        long bytes = 0;
        for (SharedPages? part = this; part is not null; part = part.Origin)
        {
            bytes += --part._holders == 0 ? part.Bytes : 0;
        }

        return bytes;
    }

    private SharedPages? Origin { get; } = origin;

    /// <summary>What lies between the origin and this state: pages, and tokens at 4 bytes each.</summary>
    private long Bytes => PageBytes - (Origin?.PageBytes ?? 0) + (sizeof(int) * (_tokens - (Origin?._tokens ?? 0)));

    private static long FullPages(RwkvXState state, int pageTokens)
    {
        long full = state.TokenCount / pageTokens;
        long all = (state.TokenCount + pageTokens - 1) / pageTokens;
        return all == 0 ? 0 : state.PageBytes / all * full;
    }
}
