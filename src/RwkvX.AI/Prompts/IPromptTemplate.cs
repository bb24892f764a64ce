using Microsoft.Extensions.AI;

namespace RwkvX.AI.Prompts;

/// <summary>Writes a conversation down in the form that a model was trained on.</summary>
/// <remarks>
/// The segments joined are the prompt. Encode them one by one: the joined ids are the prompt's ids, and each segment's end is a
/// place where a state may be kept. Rendering a conversation that goes on gives the same segments again, then the new ones.
/// Implementations are immutable and may be called from any thread.
/// </remarks>
public interface IPromptTemplate
{
    /// <summary>The template's name as <c>config.json</c> has it, such as <c>world</c>.</summary>
    string Name { get; }

    /// <summary>Texts that end an answer, as the end of text does; they are no part of it.</summary>
    IReadOnlyList<string> StopSequences { get; }

    /// <summary>What closes an answer: every <see cref="PromptSegmentKind.Assistant"/> segment ends with it, whether or not the model wrote it.</summary>
    string AnswerEnd { get; }

    /// <summary>What stands around calls of functions in an answer.</summary>
    ToolCallMarks ToolCalls => ToolCallMarks.Default;

    /// <summary>What stands around an answer's thinking; null where the form has none.</summary>
    ReasoningMarks? Reasoning => null;

    /// <summary>Renders messages; nothing in their text can open a turn.</summary>
    /// <param name="messages">The conversation so far, oldest first.</param>
    /// <returns>The segments; the last one is the <see cref="PromptSegmentKind.AssistantPrefix"/> of the answer to come.</returns>
    /// <exception cref="ArgumentException">A message has a role or a content that the template cannot render; the text names it.</exception>
    IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatMessage> messages);

    /// <summary>
    /// Renders messages among which calls of functions and their results may be, after a declaration of the functions that may be called.
    /// Without a form of its own a template gets all of this as text: the declaration as a system message, calls as an assistant's
    /// text between <see cref="ToolCalls"/>, results as a user's.
    /// </summary>
    /// <param name="messages">The conversation so far, oldest first.</param>
    /// <param name="tools">The functions; empty for none.</param>
    /// <returns>The segments, as above.</returns>
    /// <exception cref="ArgumentException">A message has a role or a content that the template cannot render; the text names it.</exception>
    IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools) =>
        Render(ToolMessages.AsText(messages, tools, ToolCalls));
}
