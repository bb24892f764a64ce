using Microsoft.Extensions.AI;

namespace RwkvX.AI.Prompts;

/// <summary>The form of the RWKV World models, and of the embedded one.</summary>
/// <remarks>
/// <code>
/// System: {text}\n\n
/// Document:\n{text}\n\n
/// User: {text}\n\n
/// Assistant: {text}\n\n      (two segments: the prefix "Assistant:" and the answer " {text}\n\n")
/// Tool: {function}: {result}\n\n
/// Assistant:                 (the end of the prompt, without a space)
/// </code>
/// Messages are rendered in their order; a message's documents (<see cref="DataContent"/> of type <c>text/*</c>) go before its text, and
/// a message marked by <see cref="DocumentMessageExtensions.AsDocument"/> is a document as a whole. A message without text adds nothing.
/// Functions that may be called are declared in a system turn before all others; an answer calls them between <see cref="ToolCalls"/>, after
/// its text (docs/decisions/0007).
/// <para>
/// A turn is over at a blank line before a label. Text of a turn is therefore trimmed and its runs of line breaks of any kind become
/// one <c>\n</c>. A document keeps its blank lines; a line in it that starts with a label after a blank line (or at the document's
/// start) is indented by four spaces, whatever invisible characters stand before the label. A model answers " {text}": a client cuts
/// one leading space off, and the answer rendered again is the same text if it has no blank line inside.
/// </para>
/// <para>
/// Segments end in <c>\n</c> or <c>:</c>. No piece of the World vocabulary or of the embedded one reaches from there into what follows, so
/// ids joined segment by segment equal the ids of the whole prompt, and the ids that a model was trained on.
/// </para>
/// </remarks>
public sealed class WorldPromptTemplate : IPromptTemplate
{
    private const string AssistantPrefix = "Assistant:";

    private readonly bool _splitQuestion;
    private readonly int _splitMinLength;

    /// <summary>Creates the template.</summary>
    /// <param name="options">Choices; copied.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="WorldPromptOptions.SplitQuestionMinLength"/> is negative.</exception>
    public WorldPromptTemplate(WorldPromptOptions? options = null)
    {
        options ??= new WorldPromptOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.SplitQuestionMinLength);
        (_splitQuestion, _splitMinLength) = (options.SplitQuestion, options.SplitQuestionMinLength);
        Reasoning = new ReasoningMarks("<think>", "</think>", Begin: " <think", Skip: options.IsReasoningModel ? " <think>\n</think>" : "");
    }

    /// <inheritdoc/>
    public string Name => "world";

    /// <inheritdoc/>
    public IReadOnlyList<string> StopSequences { get; } = Array.AsReadOnly(["\n\nUser:", "\n\nAssistant:", "\n\nSystem:", "\n\nDocument:", "\n\nTool:"]);

    /// <inheritdoc/>
    public string AnswerEnd => "\n\n";

    /// <inheritdoc/>
    public ToolCallMarks ToolCalls => ToolCallMarks.Default;

    /// <inheritdoc/>
    /// <remarks>Pieces of the World vocabulary that begin with <c>&gt;</c> may hold what follows: the model opens its thinking with one itself.</remarks>
    public ReasoningMarks? Reasoning { get; }

    /// <inheritdoc/>
    public IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatMessage> messages) => Render(messages, []);

    /// <inheritdoc/>
    public IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(tools);
        List<PromptSegment> segments = new(messages.Count + 2);
        if (tools.Count > 0) segments.Add(new PromptSegment(PromptSegmentKind.System, $"System: {TurnText.Clean(ToolMessages.Declare(tools, ToolCalls))}\n\n", Message: null));
        for (int i = 0; i < messages.Count; i++)
        {
            ChatMessage message = messages[i]
                ?? throw new ArgumentException($"message {i}: expected a message, found null", nameof(messages));
            MessageParts parts = MessageParts.Of(messages, i);
            foreach (string document in parts.Documents) AddDocument(segments, document, message);
            foreach (FunctionResultContent result in parts.Results) AddTool(segments, ToolMessages.Result(result, messages), message);
            if (message.IsDocument()) AddDocument(segments, parts.Text, message);
            else AddTurn(segments, parts.Calls.Count > 0 ? ToolMessages.Answer(parts.Text, parts.Calls, ToolCalls) : parts.Text, messages, i);
        }

        segments.Add(new PromptSegment(PromptSegmentKind.AssistantPrefix, AssistantPrefix, Message: null));
        return segments;
    }

    private static void AddDocument(List<PromptSegment> segments, string text, ChatMessage message)
    {
        text = DocumentText.Clean(text);
        if (text.Length > 0) segments.Add(new PromptSegment(PromptSegmentKind.Document, $"Document:\n{text}\n\n", message));
    }

    private static void AddTool(List<PromptSegment> segments, string text, ChatMessage message)
    {
        text = TurnText.Clean(text);
        if (text.Length > 0) segments.Add(new PromptSegment(PromptSegmentKind.Tool, $"Tool: {text}\n\n", message));
    }

    private void AddTurn(List<PromptSegment> segments, string text, IReadOnlyList<ChatMessage> messages, int index)
    {
        ChatMessage message = messages[index];
        if (message.Role == ChatRole.User)
        {
            AddUser(segments, text, message);
            return;
        }

        text = TurnText.Clean(text);
        if (message.Role == ChatRole.System)
        {
            if (text.Length > 0) segments.Add(new PromptSegment(PromptSegmentKind.System, $"System: {text}\n\n", message));
        }
        else if (message.Role == ChatRole.Tool)
        {
            AddTool(segments, text, message);
        }
        else if (message.Role == ChatRole.Assistant)
        {
            if (text.Length == 0) return;
            segments.Add(new PromptSegment(PromptSegmentKind.AssistantPrefix, AssistantPrefix, message));
            segments.Add(new PromptSegment(PromptSegmentKind.Assistant, $" {text}\n\n", message));
        }
        else
        {
            throw MessageParts.Unsupported(messages, index, $"the role {message.Role}");
        }
    }

    private void AddUser(List<PromptSegment> segments, string text, ChatMessage message)
    {
        int question = _splitQuestion ? QuestionSplit.Find(text, _splitMinLength) : 0;
        if (question > 0) AddDocument(segments, text[..question], message);
        text = TurnText.Clean(text[question..]);
        if (text.Length > 0) segments.Add(new PromptSegment(PromptSegmentKind.User, $"User: {text}\n\n", message));
    }
}
