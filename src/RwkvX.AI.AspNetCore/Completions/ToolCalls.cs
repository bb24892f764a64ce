using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;
using RwkvX.AI.AspNetCore.Responses;

namespace RwkvX.AI.AspNetCore.Completions;

/// <summary>Writes tool calls: whole, or in two parts as clients of streams put them together.</summary>
internal static class ToolCalls
{
    private static readonly JsonTypeInfo<IDictionary<string, object?>> ArgumentsType =
        (JsonTypeInfo<IDictionary<string, object?>>)new JsonSerializerOptions(AIJsonUtilities.DefaultOptions) { WriteIndented = false }
            .GetTypeInfo(typeof(IDictionary<string, object?>));

    /// <summary>A whole call.</summary>
    public static ToolCall Whole(FunctionCallContent call) =>
        new() { Id = call.CallId, Type = "function", Function = new ToolCallFunction(call.Name, Arguments(call)) };

    /// <summary>The first part of a call: which function, under which id.</summary>
    public static ToolCall Beginning(FunctionCallContent call, int index) =>
        new() { Index = index, Id = call.CallId, Type = "function", Function = new ToolCallFunction(call.Name, "") };

    /// <summary>The second part of a call: its arguments.</summary>
    public static ToolCall Continuation(FunctionCallContent call, int index) =>
        new() { Index = index, Function = new ToolCallFunction(Name: null, Arguments(call)) };

    private static string Arguments(FunctionCallContent call) =>
        call.Arguments is null ? "{}" : JsonSerializer.Serialize(call.Arguments, ArgumentsType);
}
