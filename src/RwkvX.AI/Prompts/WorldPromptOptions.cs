namespace RwkvX.AI.Prompts;

/// <summary>Choices of the <see cref="WorldPromptTemplate"/>.</summary>
public sealed class WorldPromptOptions
{
    /// <summary>
    /// Splits a long user message that ends in a question into a document and the question, the form in which models were trained
    /// to read long texts. Off by default: it moves text out of the user's turn.
    /// </summary>
    public bool SplitQuestion { get; set; }

    /// <summary>How many UTF-16 units the part before the question must have at least to be split off.</summary>
    public int SplitQuestionMinLength { get; set; } = 1000;

    /// <summary>
    /// Whether the model thinks unless it is told not to: an answer without thinking is then begun with empty thinking. Off by default, as other
    /// models were never trained on that.
    /// </summary>
    public bool IsReasoningModel { get; set; }
}
