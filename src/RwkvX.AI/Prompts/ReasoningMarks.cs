namespace RwkvX.AI.Prompts;

/// <summary>What stands around the thinking at the start of an answer.</summary>
/// <param name="Open">Opens it, where the answer begins with it.</param>
/// <param name="Close">Closes it; the answer proper follows.</param>
/// <param name="Begin">
/// What an answer is begun with so that the model thinks. It may stop short of <paramref name="Open"/>'s end, where a token could run on beyond it.
/// </param>
/// <param name="Skip">What an answer is begun with so that the model does not think; empty where it does not by itself.</param>
public sealed record ReasoningMarks(string Open, string Close, string Begin, string Skip);
