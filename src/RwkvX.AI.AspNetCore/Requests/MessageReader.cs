using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Requests;

/// <summary>Reads <c>messages</c>.</summary>
/// <param name="limits">How many there may be, and how long.</param>
/// <param name="isWhole">Whether these are all messages, so that every tool's result comes after its call; not so in a stored conversation.</param>
internal sealed class MessageReader(RwkvXEndpointOptions limits, bool isWhole)
{
    private readonly HashSet<string> _calls = []; // ids
    private long _characters;

    /// <summary>All messages, in their order.</summary>
    public List<ChatMessage> Read(RequestField messages)
    {
        List<RequestField> items = messages.Required("an array of messages").Items(limits.MaxMessages);
        if (items.Count == 0) throw ApiException.Invalid(messages.Path, "expected at least one message, found none", "empty_array");
        return items.ConvertAll(Message);
    }

    private ChatMessage Message(RequestField message)
    {
        if (!message.IsObject) throw message.Expected("an object");
        RequestField role = message["role"].Required("a role");
        ChatMessage read = role.OneOf("system", "developer", "user", "assistant", "tool", "function") switch
        {
            "system" or "developer" => new(ChatRole.System, Contents(message["content"].Required("a text"), mayHaveFiles: false)),
            "user" => new(ChatRole.User, Contents(message["content"].Required("a text"), mayHaveFiles: true)),
            "assistant" => new(ChatRole.Assistant, AssistantContents(message)),
            "tool" => new(ChatRole.Tool, [Result(message)]),
            _ => throw ApiException.Unsupported(role.Path, "expected 'tool' with a tool_call_id, found 'function', which it replaced"),
        };
        read.AuthorName = message["name"].String(mostLength: 256);
        return read;
    }

    private List<AIContent> AssistantContents(RequestField message)
    {
        RequestField calls = message["tool_calls"];
        List<AIContent> contents = message["content"].IsPresent ? Contents(message["content"], mayHaveFiles: false) : [];
        if (message["refusal"].String() is { Length: > 0 } refusal) contents.Add(Text(refusal));
        contents.AddRange(calls.Items().Select(Call));
        if (contents.Count == 0 && !message["content"].IsPresent) throw message["content"].Expected("a text, or tool_calls beside it", "missing_required_parameter");
        return contents;
    }

    private List<AIContent> Contents(RequestField content, bool mayHaveFiles)
    {
        if (content.IsString) return [Text(content.String()!)];
        if (!content.IsArray) throw content.Expected("a string or an array of parts");
        List<RequestField> parts = content.Items();
        if (parts.Count == 0) throw ApiException.Invalid(content.Path, "expected at least one part, found none", "empty_array");
        return parts.ConvertAll(part => Part(part, mayHaveFiles));
    }

    private AIContent Part(RequestField part, bool mayHaveFiles)
    {
        if (!part.IsObject) throw part.Expected("an object");
        RequestField type = part["type"].Required("a type");
        return type.String() switch
        {
            "text" => Text(part["text"].Required("a string").String()!),
            "refusal" => Text(part["refusal"].Required("a string").String()!),
            "file" when mayHaveFiles => File(part["file"].Required("an object")),
            { } other => throw ApiException.Unsupported(type.Path, $"expected 'text'{(mayHaveFiles ? " or 'file'" : "")}: the model reads text alone, found '{other}'"),
            null => throw type.Expected("a string"),
        };
    }

    private TextContent Text(string text)
    {
        Count(text.Length);
        return new TextContent(text);
    }

    /// <summary>A text file, which becomes a document.</summary>
    private DataContent File(RequestField file)
    {
        if (file["file_id"].IsPresent) throw ApiException.Unsupported($"{file.Path}.file_id", "expected file_data: this server keeps no files");
        RequestField data = file["file_data"].Required("a data URI");
        string uri = data.String()!;
        DataContent content;
        try
        {
            content = new DataContent(uri) { Name = file["filename"].String(mostLength: 1024) };
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw ApiException.Invalid(data.Path, "expected a data URI such as data:text/plain;base64,SGVsbG8=", "invalid_value");
        }

        if (!content.HasTopLevelMediaType("text")) throw ApiException.Unsupported(data.Path, $"expected text of a type text/*, found {content.MediaType}");
        Count(content.Data.Length);
        return content;
    }

    private FunctionCallContent Call(RequestField call)
    {
        if (call["type"].Required("'function'").String() != "function") throw ApiException.Unsupported($"{call.Path}.type", "expected 'function'");
        string id = call["id"].Required("a string").String()!;
        string name = ToolReader.Name(call["function"].Required("an object")["name"]);
        RequestField arguments = call["function"]["arguments"].Required("a string of JSON");
        _calls.Add(id);
        return new FunctionCallContent(id, name, Arguments(arguments));
    }

    private Dictionary<string, object?> Arguments(RequestField field)
    {
        string json = field.String()!;
        Count(json.Length);
        try
        {
            using JsonDocument arguments = JsonDocument.Parse(json.Length == 0 ? "{}" : json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return arguments.RootElement.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value.Clone());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ApiException.Invalid(field.Path, "expected a JSON object as a string", "invalid_value");
        }
    }

    private FunctionResultContent Result(RequestField message)
    {
        RequestField id = message["tool_call_id"].Required("the id of a tool call");
        RequestField content = message["content"].Required("a text");
        if (isWhole && !_calls.Contains(id.String()!))
            throw ApiException.Invalid(id.Path, $"expected the id of a tool call in an earlier message, found '{id.String()}'", "invalid_value");
        string result = string.Concat(Contents(content, mayHaveFiles: false).Select(part => ((TextContent)part).Text));
        return new FunctionResultContent(id.String()!, result);
    }

    private void Count(int characters)
    {
        _characters += characters;
        if (_characters > limits.MaxInputCharacters)
        {
            throw ApiException.Invalid("messages", $"expected at most {limits.MaxInputCharacters:N0} characters in all, found more", "context_length_exceeded");
        }
    }
}
