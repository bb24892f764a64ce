using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.Prompts;

/// <summary>Functions, their calls and their results as text.</summary>
internal static class ToolMessages
{
    /// <summary>What a model is told about the functions that it may call: one a line, between <c>tools</c> tags.</summary>
    public static string Declare(IReadOnlyList<AIFunctionDeclaration> tools, ToolCallMarks marks)
    {
        StringBuilder text = new("You can call these functions:\n<tools>\n");
        foreach (AIFunctionDeclaration tool in tools)
        {
            text.Append(CompactJson.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("name", tool.Name);
                if (tool.Description.Length > 0) writer.WriteString("description", tool.Description);
                writer.WritePropertyName("parameters");
                CompactJson.WriteElement(writer, tool.JsonSchema);
                writer.WriteEndObject();
            })).Append('\n');
        }

        return text.Append("</tools>\nTo call a function, answer with ").Append(marks.Open)
            .Append("{\"name\":\"function\",\"arguments\":{}}").Append(marks.Close).ToString();
    }

    /// <summary>An assistant's message as the model writes it: its text, then its calls, one a line.</summary>
    /// <remarks>Two messages are the same answer if and only if they give the same text here; call ids have no part in it.</remarks>
    public static string Answer(string text, IEnumerable<FunctionCallContent> calls, ToolCallMarks marks)
    {
        StringBuilder answer = new(text);
        foreach (FunctionCallContent call in calls)
        {
            if (answer.Length > 0) answer.Append('\n');
            answer.Append(marks.Open).Append(Call(call)).Append(marks.Close);
        }

        return answer.ToString();
    }

    /// <summary>The same of a message.</summary>
    public static string Answer(ChatMessage message, ToolCallMarks marks) =>
        Answer(message.Text, message.Contents.OfType<FunctionCallContent>(), marks);

    /// <summary>What a function gave back, behind its name where the conversation tells it.</summary>
    /// <param name="result">The result.</param>
    /// <param name="messages">The conversation, which has the call.</param>
    public static string Result(FunctionResultContent result, IReadOnlyList<ChatMessage> messages)
    {
        string? name = messages.SelectMany(message => message?.Contents ?? []).OfType<FunctionCallContent>()
            .LastOrDefault(call => call.CallId == result.CallId)?.Name;
        string text = result switch
        {
            { Result: null, Exception: { } exception } => $"Error: {exception.Message}",
            { Result: null } => "null",
            { Result: string said } => said,
            { Result: TextContent said } => said.Text,
            { Result: JsonElement { ValueKind: JsonValueKind.String } said } => said.GetString()!,
            { Result: { } value } => CompactJson.Write(writer => CompactJson.WriteElement(writer, CompactJson.Element(value))),
        };
        return name is null ? text : $"{name}: {text}";
    }

    /// <summary>Messages of text alone, for a template that knows nothing of functions.</summary>
    public static IReadOnlyList<ChatMessage> AsText(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools, ToolCallMarks marks)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<ChatMessage> all = tools.Count > 0 ? [new ChatMessage(ChatRole.System, Declare(tools, marks))] : [];
        foreach (ChatMessage message in messages)
        {
            all.Add(message?.Contents.Any(content => content is FunctionCallContent or FunctionResultContent) == true
                ? AsText(message, messages, marks)
                : message!);
        }

        return all;
    }

    private static ChatMessage AsText(ChatMessage message, IReadOnlyList<ChatMessage> messages, ToolCallMarks marks)
    {
        ChatMessage text = message.Clone();
        text.Role = message.Role == ChatRole.Tool ? ChatRole.User : message.Role;
        IEnumerable<string> results = message.Contents.OfType<FunctionResultContent>().Select(result => Result(result, messages));
        text.Contents =
        [
            new TextContent(string.Join('\n', [.. results, .. Answer(message, marks) is { Length: > 0 } answer ? [answer] : (string[])[]])),
            .. message.Contents.Where(content => content is not (TextContent or FunctionCallContent or FunctionResultContent)),
        ];
        return text;
    }

    private static string Call(FunctionCallContent call) => CompactJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", call.Name);
        writer.WriteStartObject("arguments");
        foreach ((string name, object? value) in call.Arguments ?? new Dictionary<string, object?>())
        {
            writer.WritePropertyName(name);
            CompactJson.WriteElement(writer, CompactJson.Element(value));
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    });
}
