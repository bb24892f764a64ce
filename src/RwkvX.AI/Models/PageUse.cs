namespace RwkvX.AI.Models;

/// <summary>One page of one sparse layer: a chunk of keys and values.</summary>
/// <param name="Location">Where it lies.</param>
/// <param name="RowCount">Tokens in it.</param>
/// <param name="Bytes">Bytes of its keys and values; of a dropped one, those that it had.</param>
/// <param name="Looks">How often a head of a later token chose it, since the state was made or opened. A dropped one has 0.</param>
/// <param name="LastLook">The position of the last token of which a head chose it, since the state was made or opened; −1 for none.</param>
public readonly record struct PageUse(PageLocation Location, int RowCount, long Bytes, long Looks, long LastLook)
{
    /// <summary>Looks before the state was opened, as far as what was stored tells.</summary>
    public long EarlierLooks { get; init; }
}
