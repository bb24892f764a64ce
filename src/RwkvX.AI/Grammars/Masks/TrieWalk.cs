using System.Runtime.CompilerServices;
using RwkvX.AI.Grammars.Machine;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>Leads configurations through a trie of tokens, subtree by subtree; what cannot be read is skipped with all below it.</summary>
internal readonly ref struct TrieWalk(ConfigurationStore store, TokenTrie trie)
{
    private readonly ConfigurationStore _store = store;
    private readonly TokenTrie _trie = trie;

    /// <summary>What to do at a node that can be read; false: leave out what is below.</summary>
    public interface IVisitor
    {
        bool Visit(int node, Configuration reached);
    }

    /// <summary>Visits every node, but for the root, that the configuration can read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // the loop is hot in its first call: a whole vocabulary
    public void Run<TVisitor>(int start, ref TVisitor visitor)
        where TVisitor : struct, IVisitor, allows ref struct
    {
        ReadOnlySpan<byte> labels = _trie.Labels;
        ReadOnlySpan<short> depths = _trie.Depths;
        ReadOnlySpan<int> ends = _trie.Ends;
        ReadOnlySpan<byte> classes = _store.Classes.Table;
        var path = new Configuration[_trie.MaxLength + 1];
        path[0] = _store[start];
        for (int node = 1; node < labels.Length;)
        {
            Configuration from = path[depths[node] - 1];
            int next = from.Next[classes[labels[node]]];
            if (next == Configuration.NotAsked) next = _store.Step(from.Number, labels[node]);
            if (next == Configuration.Dead)
            {
                node = ends[node];
                continue;
            }

            Configuration reached = _store[next];
            path[depths[node]] = reached;
            node = visitor.Visit(node, reached) ? node + 1 : ends[node];
        }
    }
}
