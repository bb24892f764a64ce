using System.Runtime.InteropServices;
using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Machine;

/// <summary>
/// Runs a grammar's program: from a configuration over a byte to the next. Configurations are numbered and their successors remembered,
/// so that what has been read once is a table look-up. Not thread-safe.
/// </summary>
internal sealed class ConfigurationStore
{
    /// <summary>Ways to read one text side by side; beyond this the grammar is hopelessly ambiguous.</summary>
    public const int MaxItems = 4096;

    private readonly GrammarProgram _program;
    private readonly List<Configuration> _configurations = [];
    private readonly Dictionary<ItemSet, int> _numbers = [];
    private readonly HashSet<Item> _visited = [];
    private readonly List<Item> _items = [];
    private readonly Dictionary<int, int> _initialKeys = []; // by rule
    private bool _isComplete, _exits, _isUncertain;

    public ConfigurationStore(GrammarProgram program, ByteClasses classes)
    {
        _program = program;
        Classes = classes;
        Stacks = new StackTable(program);
        _configurations.Add(new Configuration(Configuration.Dead, [], false, false, false, ShortestPaths.Infinite, classes.Count));
        _numbers.Add(new ItemSet([], 0), Configuration.Dead);
        Close(Entry(program.StartRule, 1, 1, StackTable.Root));
        Start = Collect();
    }

    public ByteClasses Classes { get; }

    public StackTable Stacks { get; }

    public KeyTable Keys { get; } = new();

    /// <summary>The configuration before the first byte.</summary>
    public int Start { get; }

    public int Count => _configurations.Count;

    public Configuration this[int number] => _configurations[number];

    /// <summary>The configuration after one more byte; <see cref="Configuration.Dead"/> where it cannot come.</summary>
    public int Step(int number, byte value)
    {
        Configuration from = _configurations[number];
        int next = from.Next[Classes.Of(value)];
        return next != Configuration.NotAsked ? next : FindStep(from, value);
    }

    /// <summary>The configuration of a single item.</summary>
    public int Of(Item item)
    {
        Close(item);
        return Collect();
    }

    /// <summary>The configuration after the item's frame has ended.</summary>
    public int AfterPop(Item item)
    {
        Return(item.Stack);
        return Collect();
    }

    /// <summary>A configuration of another store in this one.</summary>
    public int Adopt(ConfigurationStore other, int number)
    {
        foreach (Item item in other[number].Items) Close(Copy(other, item));
        _isComplete |= other[number].IsComplete;
        return Collect();
    }

    private Item Copy(ConfigurationStore other, Item item)
    {
        int stack = other.Stacks.IsBottom(item.Stack) ? StackTable.Root : Stacks.Push(Copy(other, other.Stacks.Frame(item.Stack)));
        return item with { Stack = stack, Key = other.Keys.CopyTo(Keys, item.Key) };
    }

    private int FindStep(Configuration from, byte value)
    {
        foreach (Item item in from.Items)
        {
            int to = _program.States[item.State].After(value);
            if (to >= 0) Read(item, to, value);
        }

        return from.Next[Classes.Of(value)] = Collect();
    }

    private void Read(Item item, int to, byte value)
    {
        bool wasInKey = _program.States[item.State].InKey;
        bool isInKey = _program.States[to].InKey;
        int key = item.Key;
        if (wasInKey && isInKey)
        {
            if (key > 0) key = Keys.Append(key, value);
        }
        else if (isInKey)
        {
            if (key < 0) key = KeyTable.UnknownFresh;
        }
        else if (wasInKey)
        {
            if (key == KeyTable.UnknownFresh)
            {
                _isUncertain = true;
                return;
            }

            if (key > 0 && !Keys.CanClose(key)) return;
            key = key > 0 ? Keys.Close(key) : KeyTable.UnknownIdle;
        }

        Close(item with { State = to, Key = key });
    }

    /// <summary>The item at the start of a called rule, its first round begun.</summary>
    public Item Entry(int rule, int min, int max, int stack)
    {
        ProgramRule called = _program.Rule(rule);
        int key = called.UsedKeys is { } used ? InitialKey(rule, used) : KeyTable.None;
        return called.IsLoop ? new Item(called.Start, Item.Less(min), Item.Less(max), key, stack) : new Item(called.Start, 0, 0, key, stack);
    }

    private int InitialKey(int rule, IReadOnlyList<byte[]> used)
    {
        ref int key = ref CollectionsMarshal.GetValueRefOrAddDefault(_initialKeys, rule, out bool exists);
        if (!exists) key = Keys.Initial(used);
        return key;
    }

    /// <summary>Adds an item and all that it may become without a byte: calls entered, rounds begun, frames left.</summary>
    private void Close(Item item)
    {
        if (!_visited.Add(item) || !Stacks.CanEnd(item)) return;
        ProgramState state = _program.States[item.State];
        if (state.Bytes.Length > 0) _items.Add(item);
        foreach (Nfa.CallEdge call in state.Calls) Enter(item, call);
        if (!state.Accepting) return;
        ProgramRule rule = _program.Rule(state.Rule);
        if (rule.IsLoop && item.MaxLeft > 0)
            Close(item with { State = rule.NextStart, MinLeft = Item.Less(item.MinLeft), MaxLeft = Item.Less(item.MaxLeft) });
        if (item.MinLeft == 0) Return(item.Stack);
    }

    private void Enter(Item item, Nfa.CallEdge call)
    {
        Item after = item with { State = call.To };
        if (!Stacks.CanEnd(after)) return;
        if (call.Min == 0) Close(after);
        if (call.Max > 0) Close(Entry(call.Rule, call.Min, call.Max, EndsAt(call.To) ? item.Stack : Stacks.Push(after)));
    }

    /// <summary>Whether nothing but the end can follow at a state: a call before it need not come back, and right recursion needs no stack.</summary>
    private bool EndsAt(int state)
    {
        ProgramState at = _program.States[state];
        return at.Accepting && at.Bytes.Length == 0 && at.Calls.Length == 0 && !_program.Rule(at.Rule).IsLoop;
    }

    private void Return(int stack)
    {
        if (stack == StackTable.Root) _isComplete = true;
        else if (Stacks.IsBottom(stack)) _exits = true;
        else Close(Stacks.Frame(stack));
    }

    private int Collect()
    {
        if (_items.Count > MaxItems) throw new GrammarException($"the grammar is ambiguous: more than {MaxItems} readings of one text");
        _items.Sort();
        Item[] items = [.. _items];
        int flags = (_isComplete ? 1 : 0) | (_exits ? 2 : 0) | (_isUncertain ? 4 : 0);
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, new ItemSet(items, flags), out bool exists);
        if (!exists)
        {
            number = _configurations.Count;
            int cost = _isComplete || _exits ? 0 : Cost(items);
            _configurations.Add(new Configuration(number, items, _isComplete, _exits, _isUncertain, cost, Classes.Count));
        }

        _items.Clear();
        _visited.Clear();
        _isComplete = _exits = _isUncertain = false;
        return number;
    }

    private int Cost(Item[] items)
    {
        int cost = ShortestPaths.Infinite;
        foreach (Item item in items) cost = Math.Min(cost, Stacks.CostOf(item));
        return cost;
    }
}
