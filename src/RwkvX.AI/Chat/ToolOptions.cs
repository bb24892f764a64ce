using Microsoft.Extensions.AI;

namespace RwkvX.AI.Chat;

/// <summary>Finds in options which functions an answer may or must call.</summary>
internal static class ToolOptions
{
    /// <summary>Maps tools and their mode. Not given, several calls may come where none is named, and one where it is.</summary>
    /// <exception cref="ArgumentException">A call is required of a function that is not there, or two have one name.</exception>
    /// <exception cref="NotSupportedException">A tool is no function, or the mode is of an unknown kind.</exception>
    public static ToolUse Map(ChatOptions options)
    {
        List<AIFunctionDeclaration> declared = [.. (options.Tools ?? []).Select(Function)];
        if (declared.GroupBy(tool => tool.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Tools: expected one function of a name, found {twice.Count()} named {twice.Key}", nameof(options));
        }

        switch (options.ToolMode)
        {
            case null or AutoChatToolMode or NoneChatToolMode when declared.Count == 0:
                return ToolUse.None;
            case null or AutoChatToolMode:
                return new ToolUse(declared, declared, MustCall: false, options.AllowMultipleToolCalls ?? true);
            case NoneChatToolMode:
                return new ToolUse(declared, [], MustCall: false, AllowsMany: false);
            case RequiredChatToolMode { RequiredFunctionName: null } when declared.Count > 0:
                return new ToolUse(declared, declared, MustCall: true, options.AllowMultipleToolCalls ?? true);
            case RequiredChatToolMode { RequiredFunctionName: { } name } when declared.Find(tool => tool.Name == name) is { } required:
                return new ToolUse(declared, [required], MustCall: true, options.AllowMultipleToolCalls ?? false);
            case RequiredChatToolMode required:
                string found = declared.Count == 0 ? "none" : string.Join(", ", declared.Select(tool => tool.Name));
                throw new ArgumentException($"Tools: ToolMode requires {required.RequiredFunctionName ?? "any function"}, found {found}", nameof(options));
            default:
                throw new NotSupportedException($"ToolMode: expected None, Auto or a required one, found {options.ToolMode.GetType().Name}");
        }
    }

    private static AIFunctionDeclaration Function(AITool tool) => tool switch
    {
        AIFunctionDeclaration function => function,
        null => throw new ArgumentException("Tools: expected functions, found null"),
        _ => throw new NotSupportedException($"Tools: expected functions, found {tool.GetType().Name} ({tool.Name}), which a model in this process cannot use"),
    };
}
