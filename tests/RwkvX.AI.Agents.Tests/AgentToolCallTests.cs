using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Chat;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary>An agent's tools called by this project's own client: the engine is scripted, everything between it and the agent is not.</summary>
public sealed class AgentToolCallTests(EmbeddedClient embedded) : IClassFixture<EmbeddedClient>
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly List<string> _cities = [];
    private readonly List<string> _prompts = [];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Tool_InASession_IsInvokedAndItsResultRead(bool isStored, bool streams)
    {
        using RwkvXChatClient client = NewClient(isStored);
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 200, Tools = [AIFunctionFactory.Create(Weather, "weather")] };
        ChatClientAgent agent = new(client, new ChatClientAgentOptions { ChatOptions = options });
        AgentSession session = await agent.CreateSessionAsync(_stop);
        for (int turn = 0; turn < 2; turn++)
        {
            AgentResponse response = streams
                ? await agent.RunStreamingAsync("Weather in Oslo?", session, cancellationToken: _stop).ToAgentResponseAsync(_stop)
                : await agent.RunAsync("Weather in Oslo?", session, cancellationToken: _stop);
            Assert.Equal("It says rain.", response.Messages[^1].Text);
        }

        Assert.Equal(["Oslo"], _cities); // the second time the model has the result already
        Assert.Equal(isStored, ((ChatClientAgentSession)session).ConversationId is not null);
        Assert.Equal(2, _prompts[^1].Split("User: ").Length - 1); // nothing was sent twice
    }

    [Fact]
    public async Task StructuredOutput_OfAType_IsRead()
    {
        using RwkvXChatClient client = NewClient(isStored: false, _ => """ {"city":"Oslo","degrees":7}""" + "\n\n");
        AgentResponse<Report> response = await new ChatClientAgent(client).RunAsync<Report>("Report!", cancellationToken: _stop);
        Assert.Equal(new Report("Oslo", 7), response.Result);
    }

    private string Weather(string city)
    {
        _cities.Add(city);
        return $"rain in {city}";
    }

    private RwkvXChatClient NewClient(bool isStored, Func<string, string>? answer = null)
    {
        WorldTokenizer tokenizer = embedded.Client.GetRequiredService<WorldTokenizer>();
        ScriptedModel model = SpeakingModel.Create(tokenizer, prompt =>
        {
            if (_prompts.Count == 0 || _prompts[^1] != prompt) _prompts.Add(prompt);
            return (answer ?? CallOrTell)(prompt);
        });
        return new RwkvXChatClient(model, tokenizer, new RwkvXOptions { StoreConversations = isStored }, ownsModel: true);
    }

    private static string CallOrTell(string prompt) => prompt.Contains("rain in Oslo", StringComparison.Ordinal)
        ? " It says rain.\n\n" : """ <tool_call>{"name":"weather","arguments":{"city":"Oslo"}}</tool_call>""";

    private sealed record Report(string City, int Degrees);
}
