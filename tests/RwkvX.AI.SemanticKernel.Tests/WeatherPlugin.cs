using System.ComponentModel;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using RwkvX.AI.Testing;
using FunctionCallContent = Microsoft.Extensions.AI.FunctionCallContent;
using TextContent = Microsoft.Extensions.AI.TextContent;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>A plugin that keeps what it was called with, and a client that calls it once and then repeats what it gave.</summary>
internal sealed class WeatherPlugin
{
    public List<string> Cities { get; } = [];

    [KernelFunction, Description("Gives the weather of a city.")]
    public string Weather(string city)
    {
        Cities.Add(city);
        return $"rain in {city}";
    }

    [KernelFunction, Description("Gives the time.")]
    public static string Time() => "noon";

    /// <summary>Calls the first tool that it is offered, unless a result is there already or it must not.</summary>
    public static ScriptedChatClient NewClient() => new(request =>
    {
        if (request.Results.LastOrDefault() is { } result) return [new TextContent("It says: "), new TextContent($"{result.Result}")];
        AIFunctionDeclaration? tool = request.Options.Tools?.OfType<AIFunctionDeclaration>().First(tool => tool.Name.Contains("Weather", StringComparison.Ordinal));
        return tool is null || request.Options.ToolMode is NoneChatToolMode
            ? [new TextContent("no tool")]
            : [new FunctionCallContent("call-1", tool.Name, new Dictionary<string, object?> { ["city"] = "Oslo" })];
    });
}
