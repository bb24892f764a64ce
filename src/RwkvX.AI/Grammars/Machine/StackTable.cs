using System.Runtime.InteropServices;
using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Machine;

/// <summary>
/// Stacks as chains of shared nodes: a node is the frame to return to and the stack below it. Equal stacks are equal numbers.
/// Node 0 is the bottom of a whole text; bottoms of another kind stand for stacks that a shared mask does not know.
/// </summary>
internal sealed class StackTable
{
    public const int Root = 0;

    private const int BottomState = -1;

    /// <param name="Frame">What is returned to; its own stack is the node below.</param>
    /// <param name="Depth">Levels of nesting in which the frame lies.</param>
    /// <param name="Cost">Bytes that close the frame and all below it, at most.</param>
    private readonly record struct Node(Item Frame, int Depth, int Cost);

    private readonly GrammarProgram _program;
    private readonly List<Node> _nodes = [new(new Item(BottomState, 0, 0, 0, -1), 0, 0)];
    private readonly Dictionary<Item, int> _numbers = [];

    public StackTable(GrammarProgram program) => _program = program;

    public Item Frame(int stack) => _nodes[stack].Frame;

    public int Depth(int stack) => _nodes[stack].Depth;

    public int Cost(int stack) => _nodes[stack].Cost;

    public bool IsBottom(int stack) => _nodes[stack].Frame.State == BottomState;

    /// <summary>A bottom under which the stack is unknown, but for its levels of nesting.</summary>
    public int UnknownBottom(int depth) => Number(new Item(BottomState, depth, 0, 0, -1), depth, 0);

    public int Push(Item frame) => Number(frame, DepthOf(frame), CostOf(frame));

    /// <summary>Levels of nesting in which an item lies, that of its own rule included.</summary>
    public int DepthOf(Item item) => _nodes[item.Stack].Depth + (_program.RuleOf(item.State).Nests ? 1 : 0);

    /// <summary>Whether the limit of nesting leaves a way to the end of the item's frame.</summary>
    public bool CanEnd(Item item)
    {
        ShortestPaths shortest = _program.Shortest;
        int need = shortest.Need(item.State);
        if (item.MinLeft > 0) need = Math.Max(need, shortest.Need(_program.RuleOf(item.State).NextStart));
        return DepthOf(item) + need <= _program.MaxDepth;
    }

    /// <summary>Whether the limit of nesting leaves the shortest way to the end of the item's frame.</summary>
    public bool CanEndShortest(Item item)
    {
        ShortestPaths shortest = _program.Shortest;
        int depth = shortest.Depth(item.State);
        if (item.MinLeft > 0) depth = Math.Max(depth, shortest.Depth(_program.RuleOf(item.State).NextStart));
        return DepthOf(item) + depth <= _program.MaxDepth;
    }

    /// <summary>Bytes that close an item and the frames below it, at most.</summary>
    public int CostOf(Item item)
    {
        if (!CanEndShortest(item)) return ShortestPaths.Infinite;
        ShortestPaths shortest = _program.Shortest;
        int own = ShortestPaths.Add(shortest.Bytes(item.State), shortest.RoundBytes(item.State, item.MinLeft));
        if (_program.States[item.State].InKey) own = ShortestPaths.Add(own, shortest.KeyEnding(item.State));
        return ShortestPaths.Add(own, _nodes[item.Stack].Cost);
    }

    private int Number(Item frame, int depth, int cost)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, frame, out bool exists);
        if (exists) return number;
        _nodes.Add(new Node(frame, depth, cost));
        return number = _nodes.Count - 1;
    }
}
