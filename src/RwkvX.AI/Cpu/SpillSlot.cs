namespace RwkvX.AI.Cpu;

/// <summary>A page's place in a <see cref="SpillFile"/>.</summary>
/// <param name="Segment">The file.</param>
/// <param name="Offset">Where it starts, in bytes.</param>
internal sealed record SpillSlot(SpillSegment Segment, long Offset)
{
    /// <summary>The page in the mapping; not public, since what a record prints of itself cannot hold a pointer (native AOT stumbles over it).</summary>
    internal unsafe float* Data => (float*)(Segment.Start + Offset);
}
