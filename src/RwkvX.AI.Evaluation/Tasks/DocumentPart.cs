namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>A piece of a generated document.</summary>
/// <param name="Text">Its text, never empty.</param>
/// <param name="Kind">What it is.</param>
public readonly record struct DocumentPart(string Text, PartKind Kind);
