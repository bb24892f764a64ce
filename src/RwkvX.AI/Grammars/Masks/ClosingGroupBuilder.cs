using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Machine;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>Sorts the tokens that stay in a frame by what closes it after them.</summary>
internal readonly ref struct ClosingGroupBuilder : TrieWalk.IVisitor
{
    private readonly TokenTrie _trie;
    private readonly GrammarProgram _program;
    private readonly ClosingPlanner _planner;
    private readonly StackTable _stacks;
    private readonly bool _hasFarBound;
    private readonly Dictionary<(Closing, int), List<int>> _groups = [];

    private ClosingGroupBuilder(TokenTrie trie, GrammarProgram program, ClosingPlanner planner, StackTable stacks, bool hasFarBound)
    {
        _trie = trie;
        _program = program;
        _planner = planner;
        _stacks = stacks;
        _hasFarBound = hasFarBound;
    }

    public static List<ClosingGroup> Build(
        TokenVocabulary vocabulary, GrammarProgram program, ConfigurationStore store, ClosingPlanner planner, Item item)
    {
        var builder = new ClosingGroupBuilder(vocabulary.Trie, program, planner, store.Stacks, item.MaxLeft == FrameMasks.FarBound);
        new TrieWalk(store, vocabulary.Trie).Run(store.Of(item), ref builder);
        return [.. builder._groups.Select(group => new ClosingGroup(Bytes(group.Key.Item1), group.Key.Item2, new TokenSet(group.Value, vocabulary.MaskWords)))];
    }

    public bool Visit(int node, Configuration reached)
    {
        if (_hasFarBound && _trie.Depths[node] > FrameMasks.UsualLength) return false; // judged apart
        ReadOnlySpan<int> tokens = _trie.TokensAt(node);
        if (tokens.Length > 0 && (reached.Items.Length > 0 || reached.Exits))
        {
            (Closing, int) key = (_planner.Of(reached), Extra(reached));
            if (!_groups.TryGetValue(key, out List<int>? group)) _groups.Add(key, group = []);
            group.AddRange(tokens);
        }

        return reached.Items.Length > 0;
    }

    /// <summary>Where names must differ from unknown ones, now or in rounds to come, the closing may be longer than the shortest.</summary>
    private int Extra(Configuration reached)
    {
        int extra = 0;
        foreach (Item item in reached.Items)
        {
            int names = 0;
            for (Item frame = item; ; frame = _stacks.Frame(frame.Stack))
            {
                if (frame.Key < 0) names = frame.MinLeft + (_program.States[frame.State].InKey || _program.Shortest.OpensKey(frame.State) ? 1 : 0);
                if (names > 0) extra = Math.Max(extra, names * _program.Shortest.KeyEnding(frame.State));
                if (names > 0 || _stacks.IsBottom(frame.Stack)) break;
            }
        }

        return extra;
    }

    private static byte[] Bytes(Closing closing)
    {
        List<byte> bytes = [];
        for (; closing.Rest is { } rest; closing = rest) bytes.Add(closing.First);
        return [.. bytes];
    }
}
