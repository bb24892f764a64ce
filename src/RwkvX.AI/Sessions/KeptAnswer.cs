namespace RwkvX.AI.Sessions;

/// <summary>An answer that the model gave: an assistant message with this text stands for exactly these ids.</summary>
/// <param name="Text">The text as the caller received it.</param>
/// <param name="Ids">The ids that were generated, without what closed the turn.</param>
internal sealed record KeptAnswer(string Text, int[] Ids);
