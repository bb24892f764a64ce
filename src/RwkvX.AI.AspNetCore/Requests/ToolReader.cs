using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Requests;

/// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
internal static partial class ToolReader
{
    private const int MostTools = 128; // OpenAI's own limit
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    /// <summary>Puts a request's tools into options.</summary>
    public static void Read(RequestField body, ChatOptions options)
    {
        List<AITool> tools = [.. body["tools"].Items(MostTools).Select(Declaration)];
        RefuseRepeated(body["tools"], tools);
        options.AllowMultipleToolCalls = body["parallel_tool_calls"].Boolean();
        ReadChoice(body["tool_choice"], tools, options);
        if (tools.Count > 0) options.Tools = tools;
    }

    /// <summary>A function's name as OpenAI allows it.</summary>
    public static string Name(RequestField field)
    {
        string name = field.Required("a name").String()!;
        return NamePattern().IsMatch(name)
            ? name
            : throw ApiException.Invalid(field.Path, "expected 1 to 64 letters, digits, '_' or '-'", "invalid_value");
    }

    private static AITool Declaration(RequestField tool)
    {
        RefuseOtherKinds(tool["type"].Required("'function'"));
        RequestField function = tool["function"].Required("an object");
        RequestField parameters = function["parameters"];
        if (parameters.IsPresent && !parameters.IsObject) throw parameters.Expected("a JSON schema as an object");
        JsonElement schema = parameters.IsPresent ? parameters.Element.Clone() : NoParameters;
        _ = function["strict"].Boolean(); // arguments always obey the schema
        return AIFunctionFactory.CreateDeclaration(Name(function["name"]), function["description"].String() ?? "", schema);
    }

    private static void RefuseRepeated(RequestField field, List<AITool> tools)
    {
        if (tools.GroupBy(tool => tool.Name).FirstOrDefault(group => group.Count() > 1) is { } group)
            throw ApiException.Invalid(field.Path, $"expected different names, found '{group.Key}' {group.Count()} times", "invalid_value");
    }

    private static void ReadChoice(RequestField choice, List<AITool> tools, ChatOptions options)
    {
        if (!choice.IsPresent) return;
        if (choice.IsString)
        {
            options.ToolMode = Mode(choice.OneOf("none", "auto", "required")!);
        }
        else if (choice["type"].Required("'function' or 'allowed_tools'").OneOf("function", "allowed_tools", "custom") == "allowed_tools")
        {
            RequestField allowed = choice["allowed_tools"].Required("an object");
            options.ToolMode = Mode(allowed["mode"].Required("'auto' or 'required'").OneOf("auto", "required")!);
            HashSet<string> names = [.. allowed["tools"].Required("an array").Items(MostTools).Select(tool => Known(tool, tools))];
            tools.RemoveAll(tool => !names.Contains(tool.Name));
        }
        else
        {
            options.ToolMode = ChatToolMode.RequireSpecific(Known(choice, tools));
        }

        if (options.ToolMode is RequiredChatToolMode && tools.Count == 0)
            throw ApiException.Invalid(choice.Path, "expected 'tools' with it, found none", "invalid_value");
    }

    private static ChatToolMode Mode(string word) => word switch
    {
        "none" => ChatToolMode.None,
        "auto" => ChatToolMode.Auto,
        _ => ChatToolMode.RequireAny,
    };

    /// <summary>The name in a reference to a tool, which must be declared.</summary>
    private static string Known(RequestField reference, List<AITool> tools)
    {
        RefuseOtherKinds(reference["type"].Required("'function'"));
        string name = Name(reference["function"].Required("an object")["name"]);
        return tools.Exists(tool => tool.Name == name)
            ? name
            : throw ApiException.Invalid($"{reference.Path}.function.name", $"expected the name of one of the tools, found '{name}'", "invalid_value");
    }

    private static void RefuseOtherKinds(RequestField type)
    {
        if (type.String() is not "function") throw ApiException.Unsupported(type.Path, $"expected 'function', found '{type.String()}'");
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
