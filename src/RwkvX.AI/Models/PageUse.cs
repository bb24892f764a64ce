namespace RwkvX.AI.Models;

/// <summary>One page of one sparse layer: a chunk of keys and values.</summary>
/// <param name="Location">Where it lies.</param>
/// <param name="RowCount">Tokens in it.</param>
/// <param name="Bytes">Bytes of its keys and values.</param>
/// <param name="Looks">How often a head of a later token chose it, since the state was made or opened.</param>
/// <param name="LastLook">The position of the last token of which a head chose it; −1 for none.</param>
public readonly record struct PageUse(PageLocation Location, int RowCount, long Bytes, long Looks, long LastLook);
