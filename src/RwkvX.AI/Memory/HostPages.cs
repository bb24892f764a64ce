namespace RwkvX.AI.Memory;

/// <summary>The full chunks that a state added to those of the state it was forked from, for all states in main memory that have read them.</summary>
/// <remarks>A chain: a state's chunks are those here and in all origins. It outlives the states, and holds nothing that none of them holds.</remarks>
internal sealed class HostPages
{
    private readonly HostPages? _origin;
    private readonly int _end;
    private HostPage[][]? _added; // (M, chunks between the origin's end and this one); null until a state comes here

    private HostPages(HostPages? origin, int end) => (_origin, _end) = (origin, end);

    /// <summary>The chunks of a state that was advanced from another one.</summary>
    /// <param name="origin">Those of the other one; null for none.</param>
    /// <param name="end">Full chunks of the state.</param>
    public static HostPages After(HostPages? origin, int end) => origin?._end == end ? origin : new HostPages(origin, end);

    /// <summary>(M, chunks) all of them, from the first chunk on.</summary>
    /// <param name="layers">M, of the model.</param>
    public HostPage[][] All(int layers)
    {
        HostPage[][] all = [.. Enumerable.Range(0, layers).Select(_ => new HostPage[_end])];
        for (HostPages? part = this; part is not null; part = part._origin)
        {
            int from = part._origin?._end ?? 0, count = part._end - from;
            part._added ??= [.. Enumerable.Range(0, layers).Select(_ => Enumerable.Range(0, count).Select(_ => new HostPage()).ToArray())];
            for (int layer = 0; layer < layers; layer++) part._added[layer].CopyTo(all[layer], from);
        }

        return all;
    }
}
