using System.ComponentModel;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>Microsoft.Extensions.AI's client of OpenAI asks this server, with the usual middleware around it.</summary>
public sealed class ExtensionsAIClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FunctionInvocation_GoesRoundByItself(bool isStream)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Script = (messages, _, _) => messages[^1].Contents.OfType<FunctionResultContent>().FirstOrDefault() is { } result
            ? ScriptedChatClient.Say("The weather: ", $"{result.Result}")
            : new AIContent[] { new FunctionCallContent("call_7", "Weather", new Dictionary<string, object?> { ["city"] = "Accra" }) }.ToAsyncEnumerable();
        using IChatClient client = host.Chat().AsIChatClient().AsBuilder().UseFunctionInvocation().Build();
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create(Weather)] };

        string text = isStream
            ? (await client.GetStreamingResponseAsync("How is it in Accra?", options, Cancel).ToChatResponseAsync(Cancel)).Text
            : (await client.GetResponseAsync("How is it in Accra?", options, Cancel)).Text;

        Assert.Equal("The weather: \"sunny in Accra\"", text);
        Assert.Equal(2, host.Client.Requests.Count);
    }

    [Fact]
    public async Task TypedResponse_IsAskedForBySchemaAndRead()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Answer(new TextContent("""{"name":"Leo","age":7}"""));
        using IChatClient client = host.Chat().AsIChatClient();

        ChatResponse<Person> response = await client.GetResponseAsync<Person>("Who?", cancellationToken: Cancel);

        Assert.Equal(new Person("Leo", 7), response.Result);
        ChatResponseFormatJson format = Assert.IsType<ChatResponseFormatJson>(host.Client.Request.Options.ResponseFormat);
        Assert.Equal("integer", format.Schema!.Value.GetProperty("properties").GetProperty("age").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Stream_UsageAndReason_ArriveOnce()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.FinishReason = ChatFinishReason.Length;
        using IChatClient client = host.Chat().AsIChatClient();

        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Hi", cancellationToken: Cancel)) updates.Add(update);

        ChatResponse response = updates.ToChatResponse();
        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal(5, Assert.Single(updates.SelectMany(update => update.Contents).OfType<UsageContent>()).Details.CachedInputTokenCount);
    }

    [Description("Tells the weather.")]
    private static string Weather(string city) => $"sunny in {city}";

    private sealed record Person(string Name, int Age);
}
