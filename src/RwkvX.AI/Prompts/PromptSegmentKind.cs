namespace RwkvX.AI.Prompts;

/// <summary>What a part of a prompt is.</summary>
public enum PromptSegmentKind
{
    /// <summary>Instructions.</summary>
    System,

    /// <summary>A text to be read before the next turn.</summary>
    Document,

    /// <summary>A user's turn.</summary>
    User,

    /// <summary>What opens an answer; the model goes on from here.</summary>
    AssistantPrefix,

    /// <summary>An answer given earlier, after its <see cref="AssistantPrefix"/>.</summary>
    Assistant,

    /// <summary>What a function that was called gave back.</summary>
    Tool,
}
