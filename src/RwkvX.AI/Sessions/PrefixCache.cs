using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions;

/// <summary>Keeps states at message borders, within a byte budget, and finds the one that has consumed most of a new prompt.</summary>
/// <remarks>
/// <para>A tree of token prefixes: what is found was compared token by token. Entries are immutable; what is handed out is a fork.
/// All members may be called from any thread.</para>
/// <para>Each tenant has a tree of its own: nobody's request goes faster, or answers otherwise, because of what another tenant said.</para>
/// <para>Accounting: an entry costs its recurrent bytes and the last, partly filled page of each layer. Full pages, and 4 bytes for each
/// token, are counted once for all entries that were forked from one another: many conversations over one document pay for it once.
/// The least recently used entries go first.</para>
/// </remarks>
internal sealed class PrefixCache : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, PrefixNode> _roots = []; // by tenant
    private readonly LinkedList<PrefixCacheEntry> _byUse = new(); // the most recently used first
    private readonly long _budget;
    private readonly int _pageTokens;
    private long _bytes;
    private bool _isDisposed;

    /// <param name="byteBudget">Bytes that the entries may cost; 0 keeps nothing.</param>
    /// <param name="pageTokens">Tokens in a page of keys and values: the model's chunk size.</param>
    public PrefixCache(long byteBudget, int pageTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteBudget);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageTokens);
        _budget = byteBudget;
        _pageTokens = pageTokens;
    }

    /// <summary>Bytes that the entries may cost.</summary>
    public long Budget => _budget;

    /// <summary>Whether anything can be kept.</summary>
    public bool IsEnabled => _budget > 0;

    /// <summary>What the entries cost at the moment, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>How many states are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byUse.Count;
            }
        }
    }

    /// <summary>Forks the state that has consumed the longest prefix of a prompt.</summary>
    /// <param name="tokens">The prompt's tokens that may be skipped: all but the last, whose logits are needed.</param>
    /// <param name="tenant">Whose states.</param>
    /// <returns>Null where no kept state is a prefix.</returns>
    public PrefixMatch? Take(ReadOnlySpan<int> tokens, string tenant = "")
    {
        lock (_lock)
        {
            PrefixCacheEntry? best = null;
            PrefixNode? node = _roots.GetValueOrDefault(tenant);
            while (node is not null)
            {
                best = node.Entry ?? best;
                ReadOnlySpan<int> rest = tokens[node.Length..];
                PrefixNode? child = rest.IsEmpty ? null : node.ChildFor(rest[0]);
                node = child is not null && rest.StartsWith(child.Edge) ? child : null;
            }

            if (best is null)
            {
                return null;
            }

            Touch(best);
            return new PrefixMatch(best.State.Fork(), best.Node.Length, best);
        }
    }

    /// <summary>Keeps a state. One that has the same tokens already stays instead, and the new one is disposed.</summary>
    /// <param name="tokens">(T) every token that the state has consumed, T ≥ 1.</param>
    /// <param name="state">The state, which the cache owns from now on, whatever happens.</param>
    /// <param name="origin">The entry whose fork was advanced to this state, kept or not; null for a state from the start.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <returns>The entry that now stands for these tokens; null where it does not fit the budget.</returns>
    public PrefixCacheEntry? Add(ReadOnlySpan<int> tokens, RwkvXState state, PrefixCacheEntry? origin, string tenant = "")
    {
        lock (_lock)
        {
            if (_isDisposed || tokens.Length != state.TokenCount)
            {
                state.Dispose();
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                throw new ArgumentException($"tokens: expected the {state.TokenCount} that the state consumed, found {tokens.Length}", nameof(tokens));
            }

            PrefixNode node = NodeFor(tokens, tenant);
            if (node.Entry is { } kept)
            {
                state.Dispose();
                Touch(kept);
                return kept;
            }

            PrefixCacheEntry entry = new(tenant, node, state, new SharedPages(state, _pageTokens, origin?.Shared));
            node.Entry = entry;
            entry.Recency = _byUse.AddFirst(entry);
            _bytes += entry.OwnBytes + entry.Shared.Hold();
            Shrink();
            return entry.Recency is null ? null : entry;
        }
    }

    /// <summary>Remembers which ids an answer's text stands for, as long as a state that consumed them is kept.</summary>
    /// <param name="prompt">The tokens before the answer.</param>
    /// <param name="answer">The answer. With the same text as an earlier one at this place it takes its place.</param>
    /// <param name="tenant">Whose it is.</param>
    public void AddAnswer(ReadOnlySpan<int> prompt, KeptAnswer answer, string tenant = "")
    {
        lock (_lock)
        {
            PrefixNode node = NodeFor(prompt, tenant);
            List<KeptAnswer> answers = node.Answers ??= [];
            answers.RemoveAll(other => other.Text == answer.Text);
            answers.Add(answer);
            Prune(node, tenant); // where no state below is kept, so is no answer
        }
    }

    /// <summary>The ids that were generated for an answer.</summary>
    /// <param name="prompt">The tokens before the answer.</param>
    /// <param name="text">The answer's text.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <returns>Null where this model did not give this answer here, or no state is left that knows it.</returns>
    public int[]? FindAnswer(ReadOnlySpan<int> prompt, string text, string tenant = "")
    {
        lock (_lock)
        {
            PrefixNode? node = _roots.GetValueOrDefault(tenant);
            while (node is not null && node.Length < prompt.Length)
            {
                ReadOnlySpan<int> rest = prompt[node.Length..];
                PrefixNode? child = node.ChildFor(rest[0]);
                node = child is not null && rest.StartsWith(child.Edge) ? child : null;
            }

            return node?.Answers?.Find(answer => answer.Text == text)?.Ids;
        }
    }

    /// <summary>Disposes all entries. Forks that were handed out live on.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            while (_byUse.Last is { } last)
            {
                Remove(last.Value);
            }
        }
    }

    private PrefixNode NodeFor(ReadOnlySpan<int> tokens, string tenant)
    {
        if (!_roots.TryGetValue(tenant, out PrefixNode? node)) _roots.Add(tenant, node = new PrefixNode(null, []));
        while (node.Length < tokens.Length)
        {
            ReadOnlySpan<int> rest = tokens[node.Length..];
            if (node.ChildFor(rest[0]) is not { } child)
            {
                return node.Append(rest);
            }

            int common = rest.CommonPrefixLength(child.Edge);
            node = common == child.Edge.Length ? child : child.Split(common);
        }

        return node;
    }

    private void Prune(PrefixNode node, string tenant)
    {
        node.Prune();
        if (_roots[tenant].IsEmpty) _roots.Remove(tenant);
    }

    private void Touch(PrefixCacheEntry entry)
    {
        _byUse.Remove(entry.Recency!);
        _byUse.AddFirst(entry.Recency!);
    }

    private void Shrink()
    {
        while (_bytes > _budget)
        {
            Remove(_byUse.Last!.Value);
        }
    }

    private void Remove(PrefixCacheEntry entry)
    {
        _byUse.Remove(entry.Recency!);
        entry.Recency = null;
        _bytes -= entry.OwnBytes + entry.Shared.Release();
        entry.Node.Entry = null;
        Prune(entry.Node, entry.Tenant);
        entry.State.Dispose();
    }
}
