using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using RwkvX.AI.Chat;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Chat;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>Plugins called by this project's own client: the engine is scripted, everything between it and the kernel is not.</summary>
public sealed partial class ToolCallTests(KernelFixture fixture) : IClassFixture<KernelFixture>
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly List<string> _prompts = [];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Auto_Plugin_IsInvokedAndItsResultRead(bool isStored, bool streams)
    {
        using RwkvXChatClient client = NewClient(isStored);
        (Kernel kernel, WeatherPlugin plugin) = KernelFixture.Over(client);
        KernelArguments arguments = new(Settings(FunctionChoiceBehavior.Auto()));
        string answer = "";
        if (streams)
        {
            await foreach (string part in kernel.InvokePromptStreamingAsync<string>("Weather in Oslo?", arguments, cancellationToken: _stop)) answer += part;
        }
        else
        {
            answer = (await kernel.InvokePromptAsync("Weather in Oslo?", arguments, cancellationToken: _stop)).ToString();
        }

        Assert.Equal("It says rain.", answer);
        Assert.Equal(["Oslo"], plugin.Cities);
        Assert.Single(Question().Matches(_prompts[^1])); // nothing was sent twice
        Assert.Contains("rain in Oslo", _prompts[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Required_ModelWouldRatherTalk_CallsAllTheSame()
    {
        using RwkvXChatClient client = NewClient(isStored: false, _ => " I would rather talk.\n\n");
        (Kernel kernel, _) = KernelFixture.Over(client);
        RwkvXPromptExecutionSettings settings = Settings(FunctionChoiceBehavior.Required([kernel.Plugins.GetFunction("Outside", "Time")], autoInvoke: false));
        ChatMessageContent answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync("Hello", settings, kernel, _stop);
        Microsoft.SemanticKernel.FunctionCallContent call = Assert.Single(Microsoft.SemanticKernel.FunctionCallContent.GetFunctionCalls(answer).Take(1));
        Assert.Equal("noon", (await call.InvokeAsync(kernel, _stop)).Result);
    }

    [Fact]
    public async Task None_ModelWantsToCall_CannotAndIsToldOfTheTools()
    {
        using RwkvXChatClient client = NewClient(isStored: false);
        (Kernel kernel, WeatherPlugin plugin) = KernelFixture.Over(client);
        await kernel.InvokePromptAsync("Weather in Oslo?", new(Settings(FunctionChoiceBehavior.None())), cancellationToken: _stop);
        Assert.Empty(plugin.Cities);
        Assert.Contains("Gives the weather of a city.", _prompts[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auto_ArgumentsOfManyTypes_AreConverted()
    {
        using RwkvXChatClient client = NewClient(isStored: false, prompt => prompt.Contains("booked for", StringComparison.Ordinal)
            ? " Done.\n\n"
            : """ <tool_call>{"name":"P_Book","arguments":{"day":"Monday","at":"2026-03-02T00:00:00Z","seats":3,"quiet":true,"names":["Ann","Bob"]}}</tool_call>""");
        (Kernel kernel, _) = KernelFixture.Over(client);
        (DayOfWeek, DateTime, int, bool, string)? booked = null;
        kernel.Plugins.Clear();
        kernel.Plugins.AddFromFunctions("P", [KernelFunctionFactory.CreateFromMethod(
            (DayOfWeek day, DateTime at, int seats, bool quiet, string[] names) =>
            {
                booked = (day, at.ToUniversalTime(), seats, quiet, string.Join(",", names));
                return $"booked for {day}";
            },
            "Book")]);
        RwkvXPromptExecutionSettings settings = Settings(FunctionChoiceBehavior.Required([kernel.Plugins.GetFunction("P", "Book")], options: new() { AllowParallelCalls = false }));
        await kernel.InvokePromptAsync("Book!", new(settings), cancellationToken: _stop);
        Assert.Equal((DayOfWeek.Monday, new DateTime(2026, 3, 2, 0, 0, 0, DateTimeKind.Utc), 3, true, "Ann,Bob"), booked);
    }

    [Fact]
    public async Task ResponseFormat_OfAType_IsJsonOfThatType()
    {
        using RwkvXChatClient client = NewClient(isStored: false, _ => """ {"city":"Oslo","degrees":7}""" + "\n\n");
        (Kernel kernel, _) = KernelFixture.Over(client);
        RwkvXPromptExecutionSettings settings = new() { Temperature = 0, MaxTokens = 100, ResponseFormat = typeof(Report) };
        FunctionResult result = await kernel.InvokePromptAsync("Report!", new(settings), cancellationToken: _stop);
        Assert.Equal(new Report("Oslo", 7), System.Text.Json.JsonSerializer.Deserialize<Report>(result.ToString(), AIJsonUtilities.DefaultOptions));
    }

    private static RwkvXPromptExecutionSettings Settings(FunctionChoiceBehavior behavior) => new() { Temperature = 0, MaxTokens = 200, FunctionChoiceBehavior = behavior };

    private RwkvXChatClient NewClient(bool isStored, Func<string, string>? answer = null)
    {
        WorldTokenizer tokenizer = fixture.Client.GetRequiredService<WorldTokenizer>();
        ScriptedModel model = SpeakingModel.Create(tokenizer, prompt =>
        {
            if (_prompts.Count == 0 || _prompts[^1] != prompt) _prompts.Add(prompt);
            return (answer ?? CallOrTell)(prompt);
        });
        return new RwkvXChatClient(model, tokenizer, new RwkvXOptions { StoreConversations = isStored }, ownsModel: true);
    }

    /// <summary>Calls the function for the weather, by the name under which it is declared; tells its result once it is there.</summary>
    private static string CallOrTell(string prompt) => prompt.Contains("rain in Oslo", StringComparison.Ordinal)
        ? " It says rain.\n\n" : $$$""" <tool_call>{"name":"{{{Declared().Match(prompt).Groups[1].Value}}}","arguments":{"city":"Oslo"}}</tool_call>""";

    [GeneratedRegex("\"name\":\"([^\"]*Weather)\"")]
    private static partial Regex Declared();

    [GeneratedRegex("User: Weather in Oslo")]
    private static partial Regex Question();

    private sealed record Report(string City, int Degrees);
}
