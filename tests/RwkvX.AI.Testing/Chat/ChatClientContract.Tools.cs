using System.Text.Json;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

// Functions: who calls them, and with what.
public abstract partial class ChatClientContract
{
    private static readonly AIFunction Weather = AIFunctionFactory.Create(
        (string city, int? days) => $"sunny in {city} for {days ?? 1} days", "weather", "Tells the weather in a city.");

    private static readonly AIFunction Clock = AIFunctionFactory.Create(() => "noon", "clock", "Tells the time.");

    [Theory]
    [InlineData(null)]
    [InlineData("weather")]
    [InlineData("clock")]
    public async Task Tools_CallRequired_AreCalledWithArgumentsThatFit(string? name)
    {
        using IChatClient client = NewClient();
        ChatOptions options = Tools(name is null ? ChatToolMode.RequireAny : ChatToolMode.RequireSpecific(name));
        List<ChatResponseUpdate> updates = await ReadAsync(client, [User("How is the weather in Paris?")], options);
        FunctionCallContent[] calls = [.. updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>()];
        Assert.NotEmpty(calls);
        Assert.All(calls, call => AssertFits(call, name));
        Assert.Equal(calls.Length, calls.Select(call => call.CallId).Distinct().Count());
        Assert.Equal(ChatFinishReason.ToolCalls, updates[^1].FinishReason);
    }

    [Fact]
    public async Task Tools_CallForbidden_AreNotCalled()
    {
        using IChatClient client = NewClient();
        ChatResponse response = await client.GetResponseAsync("How is the weather in Paris?", Tools(ChatToolMode.None), Cancellation);
        Assert.Empty(response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.NotEqual(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public async Task Tools_CallAllowed_FitWhereTheyAreCalled()
    {
        using IChatClient client = NewClient();
        for (int seed = 0; seed < 4; seed++)
        {
            ChatOptions options = Tools(ChatToolMode.Auto);
            (options.Temperature, options.Seed) = (1, seed);
            ChatResponse response = await client.GetResponseAsync("How is the weather in Paris?", options, Cancellation);
            FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
            Assert.All(calls, call => AssertFits(call, null));
            Assert.Equal(calls.Length > 0, response.FinishReason == ChatFinishReason.ToolCalls);
        }
    }

    [Fact]
    public async Task Tools_InTheLoopOfTheApplication_AreInvokedAndTheLoopEnds()
    {
        int invoked = 0;
        AIFunction count = AIFunctionFactory.Create(() => ++invoked, "count", "Counts.");
        using IChatClient client = NewClient().AsBuilder().UseFunctionInvocation(configure: loop => loop.MaximumIterationsPerRequest = 3).Build();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 120, Tools = [count], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false };
        ChatResponse response = await client.GetResponseAsync("Count, please.", options, Cancellation);
        Assert.InRange(invoked, 1, 4);
        Assert.Equal(invoked, response.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Count());
    }

    private static void AssertFits(FunctionCallContent call, string? name)
    {
        Assert.False(string.IsNullOrEmpty(call.CallId));
        Assert.Null(call.Exception);
        Assert.Contains(call.Name, name is null ? ["weather", "clock"] : new[] { name });
        if (call.Name == "clock") Assert.Empty(call.Arguments ?? new Dictionary<string, object?>());
        else Assert.Equal(JsonValueKind.String, ((JsonElement)call.Arguments!["city"]!).ValueKind);
    }

    private static ChatOptions Tools(ChatToolMode mode) => new() { Temperature = 0, MaxOutputTokens = 160, Tools = [Weather, Clock], ToolMode = mode };
}
