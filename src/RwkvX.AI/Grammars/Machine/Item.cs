namespace RwkvX.AI.Grammars.Machine;

/// <summary>One way to read the text so far: a state in a frame, and the stack of frames to return to.</summary>
/// <param name="State">State of the grammar's program.</param>
/// <param name="MinLeft">Rounds that the loop of this frame must still begin; 0 outside loops.</param>
/// <param name="MaxLeft">Rounds that it may still begin; <see cref="Unbounded"/> for no bound, 0 outside loops.</param>
/// <param name="Key">Entry of the <see cref="KeyTable"/>: names used in this frame and the one being read.</param>
/// <param name="Stack">Node of the <see cref="StackTable"/>.</param>
internal readonly record struct Item(int State, int MinLeft, int MaxLeft, int Key, int Stack) : IComparable<Item>
{
    public const int Unbounded = int.MaxValue;

    /// <summary>Bounds after one more round has begun.</summary>
    public static int Less(int rounds) => rounds is 0 or Unbounded ? rounds : rounds - 1;

    public int CompareTo(Item other)
    {
        int order = State.CompareTo(other.State);
        if (order == 0) order = Stack.CompareTo(other.Stack);
        if (order == 0) order = MinLeft.CompareTo(other.MinLeft);
        if (order == 0) order = MaxLeft.CompareTo(other.MaxLeft);
        return order == 0 ? Key.CompareTo(other.Key) : order;
    }
}
