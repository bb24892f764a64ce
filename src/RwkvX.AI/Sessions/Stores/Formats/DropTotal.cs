namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>What records of dropped pages come to.</summary>
/// <param name="Pages">Pages.</param>
/// <param name="Bytes">Bytes that they had in the engine.</param>
/// <param name="Budget">The budget at the last of them.</param>
internal readonly record struct DropTotal(long Pages, long Bytes, long Budget)
{
    /// <summary>Of one record; null for a record of another kind.</summary>
    public static DropTotal? Of(LogRecord record) => record is DropRecord drop ? new DropTotal(drop.Pages.Count, drop.Bytes, drop.Budget) : null;

    /// <summary>With that of a later record.</summary>
    public DropTotal Plus(DropTotal later) => new(Pages + later.Pages, Bytes + later.Bytes, later.Budget);
}
