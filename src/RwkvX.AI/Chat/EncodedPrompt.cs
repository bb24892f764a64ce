using System.Runtime.InteropServices;
using Microsoft.Extensions.AI;
using RwkvX.AI.Prompts;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Chat;

/// <summary>The ids of a conversation, and where its messages end.</summary>
/// <param name="Tokens">(T) the ids.</param>
/// <param name="Borders">Ascending: how many tokens lie before each message border at which a state is worth keeping.</param>
internal sealed record EncodedPrompt(int[] Tokens, IReadOnlyList<int> Borders)
{
    // An answer or a question that is edited, or asked again, resumes at one of these.
    private const int LastBordersKept = 2;

    /// <summary>Renders and encodes messages, segment by segment.</summary>
    /// <param name="messages">The conversation so far.</param>
    /// <param name="tools">The functions that are declared.</param>
    /// <param name="context">Whose template, tokenizer and kept answers are used: an answer that was generated here keeps its ids.</param>
    /// <param name="tenant">Whose kept answers.</param>
    public static EncodedPrompt Of(IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools, ChatContext context, string tenant)
    {
        IReadOnlyList<PromptSegment> segments = context.Template.Render(messages, tools);
        List<int> tokens = [];
        List<(int Length, bool IsShared)> borders = [];
        foreach (PromptSegment segment in segments)
        {
            tokens.AddRange(Encode(segment, tokens, context, tenant));
            if (segment.Kind != PromptSegmentKind.AssistantPrefix)
            {
                borders.Add((tokens.Count, segment.Kind is PromptSegmentKind.System or PromptSegmentKind.Document));
            }
        }

        return new EncodedPrompt([.. tokens], WorthKeeping(borders));
    }

    /// <summary>Encodes what is new in a stored conversation. Its border is where the answer opens: a state there can go another way.</summary>
    /// <param name="segments">What is new, and at last what opens the answer.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    public static EncodedPrompt OfNew(IEnumerable<PromptSegment> segments, WorldTokenizer tokenizer)
    {
        int[][] ids = [.. segments.Select(segment => tokenizer.Encode(segment.Text))];
        int read = ids.SkipLast(1).Sum(part => part.Length);
        return new EncodedPrompt([.. ids.SelectMany(part => part)], read == 0 ? [] : [read]);
    }

    /// <summary>Instructions and documents, which other conversations share, and the last few borders.</summary>
    private static int[] WorthKeeping(List<(int Length, bool IsShared)> borders) =>
        [.. borders.Where((border, i) => border.IsShared || i >= borders.Count - LastBordersKept).Select(border => border.Length)];

    private static int[] Encode(PromptSegment segment, List<int> before, ChatContext context, string tenant)
    {
        WorldTokenizer tokenizer = context.Tokenizer;
        int[]? ids = segment is { Kind: PromptSegmentKind.Assistant, Message: { } message }
            ? context.Cache.FindAnswer(CollectionsMarshal.AsSpan(before), ToolMessages.Answer(message, context.Template.ToolCalls), tenant)
            : null;
        return ids is null ? tokenizer.Encode(segment.Text) : [.. ids, .. tokenizer.Encode(context.Template.AnswerEnd)];
    }
}
