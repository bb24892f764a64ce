using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Machine;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>Finds the shortest bytes that close a configuration: the shortest way to the end of its frame, then of each frame below.</summary>
internal sealed class ClosingPlanner(GrammarProgram program, ConfigurationStore store, ClosingTable table)
{
    private readonly GrammarProgram _program = program;
    private readonly ConfigurationStore _store = store;
    private readonly ClosingTable _table = table;
    private readonly Dictionary<int, Closing> _byConfiguration = [];
    private readonly Dictionary<int, Closing> _byStack = [];

    public Closing Of(Configuration configuration)
    {
        if (configuration.IsComplete || configuration.Exits) return Closing.End;
        if (_byConfiguration.TryGetValue(configuration.Number, out Closing? known)) return known;
        Closing? best = null;
        foreach (Item item in configuration.Items)
        {
            Closing closing = _table.Prepend(FrameBytes(item), OfStack(item.Stack));
            if (best is null || closing.Tokens < best.Tokens) best = closing;
        }

        _byConfiguration.Add(configuration.Number, best!);
        return best!;
    }

    /// <summary>What closes all frames of a stack.</summary>
    public Closing OfStack(int stack)
    {
        if (_store.Stacks.IsBottom(stack)) return Closing.End;
        if (_byStack.TryGetValue(stack, out Closing? known)) return known;
        Item frame = _store.Stacks.Frame(stack);
        Closing closing = _table.Prepend(FrameBytes(frame), OfStack(frame.Stack));
        _byStack.Add(stack, closing);
        return closing;
    }

    /// <summary>The shortest bytes from an item to the end of its frame.</summary>
    public byte[] FrameBytes(Item item)
    {
        List<byte> output = [];
        CloseFrame(item, output);
        return [.. output];
    }

    private void CloseFrame(Item item, List<byte> output)
    {
        while (true)
        {
            ProgramState state = _program.States[item.State];
            if (state.InKey)
            {
                item = CloseKey(item, output);
                continue;
            }

            int choice = _program.Shortest.Choice(item.State, flat: !_store.Stacks.CanEndShortest(item));
            if (choice == ShortestPaths.End)
            {
                if (item.MinLeft == 0) return;
                item = item with
                {
                    State = _program.RuleOf(item.State).NextStart,
                    MinLeft = item.MinLeft - 1,
                    MaxLeft = Item.Less(item.MaxLeft),
                };
            }
            else if (choice < state.Bytes.Length)
            {
                output.Add(state.Bytes[choice].Low);
                item = item with { State = state.Bytes[choice].To };
            }
            else
            {
                Nfa.CallEdge call = state.Calls[choice - state.Bytes.Length];
                item = item with { State = call.To };
                if (call.Min > 0) CloseFrame(_store.Entry(call.Rule, call.Min, call.Max, _store.Stacks.Push(item)), output);
            }
        }
    }

    /// <summary>The shortest ending of a property name that makes a name not yet used. Unknown names stand for the shortest one; the caller allows for more.</summary>
    private Item CloseKey(Item item, List<byte> output)
    {
        // Equal lengths in order of their bytes, wherever the search began: a closing must stay the same while it is being followed.
        PriorityQueue<(Item At, byte[] Bytes), (int Total, int Missing, int Order)> open = new();
        int order = 0;
        open.Enqueue((item, []), default);
        while (true)
        {
            (Item at, byte[] bytes) = open.Dequeue();
            foreach (Nfa.ByteEdge edge in _program.States[at.State].Bytes)
            {
                if (_program.States[edge.To].InKey)
                {
                    Extend(open, at, bytes, edge, ref order);
                    continue;
                }

                if (at.Key > 0 && !_store.Keys.CanClose(at.Key)) continue;
                output.AddRange(bytes);
                output.Add(edge.Low);
                return at with { State = edge.To, Key = at.Key > 0 ? _store.Keys.Close(at.Key) : KeyTable.UnknownIdle };
            }
        }
    }

    private void Extend(
        PriorityQueue<(Item At, byte[] Bytes), (int Total, int Missing, int Order)> open, Item at, byte[] bytes, Nfa.ByteEdge edge, ref int order)
    {
        int missing = _program.Shortest.Bytes(edge.To);
        for (int value = edge.Low; value <= edge.High; value++)
        {
            int key = at.Key > 0 ? _store.Keys.Append(at.Key, (byte)value) : at.Key;
            open.Enqueue((at with { State = edge.To, Key = key }, [.. bytes, (byte)value]), (bytes.Length + missing, missing, order++));
        }
    }
}
