using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Machine;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>
/// Masks of whole stacks, put together from those of their frames and remembered by configuration. Grows with use and is replaced by a
/// fresh one when it has become large; not thread-safe.
/// </summary>
internal sealed class GrammarRuntime
{
    private readonly GrammarProgram _program;
    private readonly TokenVocabulary _vocabulary;
    private readonly FrameMasks _frames;
    private readonly Dictionary<int, StepMask> _steps = [];
    private readonly ulong[] _words;
    private readonly ulong[] _itemWords;

    public GrammarRuntime(GrammarProgram program, TokenVocabulary vocabulary, FrameMasks frames)
    {
        _program = program;
        _vocabulary = vocabulary;
        _frames = frames;
        Store = new ConfigurationStore(program, frames.Classes);
        Closings = new ClosingTable(vocabulary.Trie);
        Planner = new ClosingPlanner(program, Store, Closings);
        _words = new ulong[vocabulary.MaskWords];
        _itemWords = new ulong[vocabulary.MaskWords];
    }

    public ConfigurationStore Store { get; }

    public ClosingTable Closings { get; }

    public ClosingPlanner Planner { get; }

    /// <summary>What may follow a configuration while tokens abound.</summary>
    public StepMask StepOf(int number)
    {
        ref StepMask? known = ref CollectionsMarshal.GetValueRefOrAddDefault(_steps, number, out _);
        if (known is not null) return known;
        Array.Clear(_words);
        int cost = 0;
        foreach (Item item in Store[number].Items) cost = Math.Max(cost, AddItem(item, int.MaxValue));
        return known = new StepMask(new TokenSet(_words), cost);
    }

    /// <summary>Adds what may follow a configuration if the text must be closed with this many tokens after it.</summary>
    public void AddTight(int number, Span<ulong> mask, int budget)
    {
        Array.Clear(_words);
        foreach (Item item in Store[number].Items) AddItem(item, budget);
        TensorPrimitives.BitwiseOr(mask[.._words.Length], _words, mask);
    }

    /// <summary>Adds one reading's tokens; returns the bytes that close the text after the worst of them, at most.</summary>
    private int AddItem(Item item, int budget)
    {
        Array.Clear(_itemWords);
        FrameMask frame = _frames.Of(Store.Stacks, item);
        bool isInKey = item.Key > 0 && _program.States[item.State].InKey;
        if (budget == int.MaxValue) frame.Allowed.AddTo(_itemWords);
        else if (!isInKey && (item.MinLeft > 0 || item.Key > 0)) AddReadable(_vocabulary.Trie, Store.Of(item), budget); // only the whole stack knows the rounds and names to come
        else AddClosable(item, frame, budget);
        int cost = ShortestPaths.Add(_frames.CostOf(item, frame), Store.Stacks.Cost(item.Stack));
        if (frame.Exits is { } exits && item.Stack != StackTable.Root) cost = Math.Max(cost, AddReadable(exits, Store.AfterPop(item), budget));
        if (frame.Uncertain is { } uncertain) cost = Math.Max(cost, AddReadable(uncertain, Store.Of(item), budget));
        if (isInKey) RemoveUsedKeys(item.Key);
        TensorPrimitives.BitwiseOr<ulong>(_words, _itemWords, _words);
        return cost;
    }

    /// <summary>Tokens inside the frame, by what would close it after them.</summary>
    private void AddClosable(Item item, FrameMask frame, int budget)
    {
        Closing below = Planner.OfStack(item.Stack);
        foreach (ClosingGroup group in _frames.GroupsOf(Store.Stacks, item, frame))
        {
            // Names yet unknown may break the tokens that the shortest ones are spelt with, so there bytes are counted.
            int tokens = group.Extra > 0 ? group.Bytes.Length + below.Tokens : Closings.Prepend(group.Bytes, below).Tokens;
            if (tokens + group.Extra <= budget) group.Tokens.AddTo(_itemWords);
        }
    }

    /// <summary>Tokens that a configuration can read, judged over the whole stack; returns the bytes that close the worst of them.</summary>
    private int AddReadable(TokenTrie tokens, int from, int budget)
    {
        var visitor = new ReadableVisitor(this, tokens, budget);
        new TrieWalk(Store, tokens).Run(from, ref visitor);
        return visitor.Cost;
    }

    /// <summary>A token that would end the name exactly as one that is used.</summary>
    private void RemoveUsedKeys(int key)
    {
        foreach (byte[] ending in Store.Keys.UsedEndings(key))
        {
            int node = _vocabulary.Trie.Find([.. ending, (byte)'"']);
            if (node < 0) continue;
            foreach (int token in _vocabulary.Trie.TokensUnder(node)) TokenSet.Clear(_itemWords, token);
        }
    }

    /// <summary>Collects the tokens that whole configurations can read.</summary>
    private ref struct ReadableVisitor(GrammarRuntime runtime, TokenTrie trie, int budget) : TrieWalk.IVisitor
    {
        public int Cost { get; private set; }

        public bool Visit(int node, Configuration reached)
        {
            ReadOnlySpan<int> tokens = trie.TokensAt(node);
            if (tokens.Length > 0 && (budget == int.MaxValue || runtime.Planner.Of(reached).Tokens <= budget))
            {
                foreach (int token in tokens) TokenSet.Set(runtime._itemWords, token);
                Cost = Math.Max(Cost, reached.Cost);
            }

            return reached.Items.Length > 0;
        }
    }
}
