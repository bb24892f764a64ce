namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Consecutive pages of one layer: slots of one page file.</summary>
/// <param name="File">The page file.</param>
/// <param name="Slot">The first slot.</param>
/// <param name="Count">How many.</param>
internal readonly record struct PageRun(Guid File, int Slot, int Count);
