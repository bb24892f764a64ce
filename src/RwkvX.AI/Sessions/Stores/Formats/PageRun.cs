namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Consecutive pages of one layer: slots of one page file, or pages that were dropped.</summary>
/// <param name="File">The page file.</param>
/// <param name="Slot">The first slot.</param>
/// <param name="Count">How many.</param>
internal readonly record struct PageRun(Guid File, int Slot, int Count)
{
    private const int NoSlot = -1;

    /// <summary>Whether the pages were dropped: they lie nowhere.</summary>
    public bool IsDropped => Slot == NoSlot;

    /// <summary>Pages that were dropped.</summary>
    public static PageRun Dropped(int count) => new(Guid.Empty, NoSlot, count);

    /// <summary>Whether a run carries this one on.</summary>
    public bool IsFollowedBy(PageRun next) => IsDropped ? next.IsDropped : File == next.File && Slot + Count == next.Slot;
}
