using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.Prompts;

/// <summary>What a text model can read of a message: its documents, its text, and calls of functions with their results.</summary>
/// <param name="Documents">Texts of its <c>text/*</c> data.</param>
/// <param name="Text">Its text contents joined.</param>
/// <param name="Calls">Calls of functions.</param>
/// <param name="Results">What functions gave back.</param>
internal readonly record struct MessageParts(
    IReadOnlyList<string> Documents, string Text, IReadOnlyList<FunctionCallContent> Calls, IReadOnlyList<FunctionResultContent> Results)
{
    /// <summary>Takes a message apart.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="index">The message's place in it.</param>
    /// <exception cref="ArgumentException">A content is of another kind, or a call is not the assistant's.</exception>
    public static MessageParts Of(IReadOnlyList<ChatMessage> messages, int index)
    {
        List<string>? documents = null;
        List<FunctionCallContent>? calls = null;
        List<FunctionResultContent>? results = null;
        StringBuilder text = new();
        foreach (AIContent content in messages[index].Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text.Append(part.Text);
                    break;
                case DataContent data when data.HasTopLevelMediaType("text"):
                    (documents ??= []).Add(Decode(data, messages, index));
                    break;
                case FunctionCallContent call when messages[index].Role == ChatRole.Assistant:
                    (calls ??= []).Add(call);
                    break;
                case FunctionResultContent result when messages[index].Role != ChatRole.System:
                    (results ??= []).Add(result);
                    break;
                case TextReasoningContent or UsageContent:
                    break; // by-products of an answer, no part of the conversation
                default:
                    throw Unsupported(messages, index, Describe(content));
            }
        }

        return new MessageParts(documents ?? [], text.ToString(), calls ?? [], results ?? []);
    }

    /// <summary>Documents and text of a message, whatever else it holds.</summary>
    public static MessageParts TextOf(ChatMessage message)
    {
        ChatMessage texts = new(message.Role, [.. message.Contents.Where(content => content is TextContent || (content is DataContent data && data.HasTopLevelMediaType("text")))]);
        return Of([texts], 0);
    }

    /// <summary>The error for something that the template has no form for.</summary>
    public static ArgumentException Unsupported(IReadOnlyList<ChatMessage> messages, int index, string found) =>
        new($"message {index} ({messages[index].Role}): expected text or text/* data, found {found}", nameof(messages));

    private static string Describe(AIContent content) => content switch
    {
        DataContent data => $"data of media type {data.MediaType}",
        UriContent uri => $"a link to data of media type {uri.MediaType}",
        FunctionCallContent call => $"a call of the function {call.Name}",
        FunctionResultContent => "the result of a function",
        _ => content.GetType().Name,
    };

    private static string Decode(DataContent data, IReadOnlyList<ChatMessage> messages, int index)
    {
        string? charset = MediaTypeHeaderValue.TryParse(data.MediaType, out MediaTypeHeaderValue? type) ? type.CharSet?.Trim('"') : null;
        try
        {
            Encoding encoding = charset is null ? Encoding.UTF8 : Encoding.GetEncoding(charset);
            using StreamReader reader = new(new MemoryStream(data.Data.ToArray(), writable: false), encoding); // a byte order mark wins
            return reader.ReadToEnd();
        }
        catch (ArgumentException)
        {
            throw Unsupported(messages, index, $"text in the unknown encoding {charset}");
        }
    }
}
