using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Machine;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>
/// The masks of frames, by state and by as much of its bounds as one token can feel: rounds and levels of nesting further away than
/// the longest token reaches are all the same. Not thread-safe.
/// </summary>
internal sealed class FrameMasks
{
    /// <summary>Stands for an upper bound of rounds that only tokens of more than <see cref="UsualLength"/> bytes can feel: those are judged apart.</summary>
    public const int FarBound = Item.Unbounded - 1;

    /// <summary>Bytes that nearly all tokens keep to.</summary>
    public const int UsualLength = 16;

    private readonly GrammarProgram _program;
    private readonly TokenVocabulary _vocabulary;
    private readonly ConfigurationStore _store;
    private readonly ClosingPlanner _planner;
    private readonly Dictionary<Item, FrameMask> _masks = [];
    private readonly Dictionary<FrameMask, List<ClosingGroup>> _groups = new(ReferenceEqualityComparer.Instance);
    private readonly NestingReach _reach;

    public FrameMasks(GrammarProgram program, TokenVocabulary vocabulary)
    {
        _program = program;
        _vocabulary = vocabulary;
        Classes = new ByteClasses(program);
        _store = new ConfigurationStore(program, Classes);
        _planner = new ClosingPlanner(program, _store, new ClosingTable(vocabulary.Trie));
        _reach = new NestingReach(program, vocabulary.Trie);
    }

    public ByteClasses Classes { get; }

    /// <summary>The mask of an item's state, whatever lies below it.</summary>
    public FrameMask Of(StackTable stacks, Item item)
    {
        Item local = Localize(stacks, item);
        if (_masks.TryGetValue(local, out FrameMask? known)) return known;
        FrameMask mask = FrameMaskBuilder.Build(_vocabulary, _store, local, _program.Follow[_program.States[local.State].Rule]);
        _masks.Add(local, mask);
        return mask;
    }

    /// <summary>Bytes that close an item's own frame after the worst token of its mask, at most: with the rounds that the mask does not feel.</summary>
    public int CostOf(Item item, FrameMask mask) =>
        ShortestPaths.Add(mask.Cost, _program.Shortest.RoundBytes(item.State, item.MinLeft - FeltRounds(item)));

    /// <summary>The tokens of a mask by what closes the frame after them.</summary>
    public List<ClosingGroup> GroupsOf(StackTable stacks, Item item, FrameMask mask)
    {
        if (_groups.TryGetValue(mask, out List<ClosingGroup>? known)) return known;
        List<ClosingGroup> groups = ClosingGroupBuilder.Build(_vocabulary, _program, _store, _planner, Localize(stacks, item));
        _groups.Add(mask, groups);
        return groups;
    }

    /// <summary>A round takes a byte at least. Rounds with names count in full, as they are few and their closings longer.</summary>
    private int FeltRounds(Item item) => item.Key > 0 ? item.MinLeft : Math.Min(item.MinLeft, _vocabulary.Trie.MaxLength);

    private Item Localize(StackTable stacks, Item item)
    {
        int max = item.MaxLeft > _vocabulary.Trie.MaxLength ? Item.Unbounded : item.MaxLeft > UsualLength ? FarBound : item.MaxLeft;
        int key = item.Key <= 0 ? item.Key : _program.States[item.State].InKey ? KeyTable.UnknownBegun : KeyTable.UnknownIdle;
        int depth = _reach.Localize(_program.States[item.State].Rule, stacks.Depth(item.Stack));
        return new Item(item.State, FeltRounds(item), max, key, _store.Stacks.UnknownBottom(depth));
    }
}
