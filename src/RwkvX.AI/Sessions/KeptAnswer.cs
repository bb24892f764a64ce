namespace RwkvX.AI.Sessions;

/// <summary>An answer that the model gave: an assistant message that reads like this stands for exactly these ids.</summary>
/// <param name="Text">What the caller received, calls of functions written out.</param>
/// <param name="Ids">The ids that were generated, without what closed the turn.</param>
internal sealed record KeptAnswer(string Text, int[] Ids);
