using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Machine;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>
/// The masks of frames, by state and by as much of its bounds as one token can feel: rounds and levels of nesting further away than
/// the longest token reaches are all the same. Not thread-safe.
/// </summary>
internal sealed class FrameMasks
{
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

    /// <summary>The tokens of a mask by what closes the frame after them.</summary>
    public List<ClosingGroup> GroupsOf(StackTable stacks, Item item, FrameMask mask)
    {
        if (_groups.TryGetValue(mask, out List<ClosingGroup>? known)) return known;
        List<ClosingGroup> groups = ClosingGroupBuilder.Build(_vocabulary, _program, _store, _planner, Localize(stacks, item));
        _groups.Add(mask, groups);
        return groups;
    }

    private Item Localize(StackTable stacks, Item item)
    {
        int reach = _vocabulary.Trie.MaxLength; // a round takes a byte at least
        int key = item.Key <= 0 ? item.Key : _program.States[item.State].InKey ? KeyTable.UnknownBegun : KeyTable.UnknownIdle;
        int depth = _reach.Localize(_program.States[item.State].Rule, stacks.Depth(item.Stack));
        return new Item(item.State, Math.Min(item.MinLeft, reach), item.MaxLeft > reach ? Item.Unbounded : item.MaxLeft, key, _store.Stacks.UnknownBottom(depth));
    }
}
