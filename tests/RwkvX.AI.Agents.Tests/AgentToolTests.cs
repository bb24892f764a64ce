using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary>Tools and server-side conversations through <see cref="ChatClientAgent"/>, over a client that calls the tool it is offered.</summary>
public sealed class AgentToolTests
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly List<string> _cities = [];

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData("c", false)]
    [InlineData("c", true)]
    public async Task Tool_Called_AnswerHasItsResult(string? conversationId, bool streams)
    {
        ScriptedChatClient client = NewClient(conversationId);
        ChatClientAgent agent = NewAgent(client);
        AgentSession session = await agent.CreateSessionAsync(_stop);
        AgentResponse response = streams
            ? await agent.RunStreamingAsync("Weather?", session, cancellationToken: _stop).ToAgentResponseAsync(_stop)
            : await agent.RunAsync("Weather?", session, cancellationToken: _stop);
        Assert.Equal("It says: rain in Oslo", response.Messages[^1].Text);
        Assert.Equal(["Oslo"], _cities);
        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(message => message.Role));
        Assert.Equal(conversationId is null ? 3 : 1, client.Requests[1].Messages.Count);
    }

    [Fact]
    public async Task ConversationId_FromTheClient_BecomesTheSessions()
    {
        ScriptedChatClient client = NewClient("c");
        ChatClientAgent agent = NewAgent(client);
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("Hello", session, new ChatClientAgentRunOptions(new ChatOptions { ToolMode = ChatToolMode.None }), _stop);
        Assert.Equal("c", Assert.IsType<ChatClientAgentSession>(session).ConversationId);
        await agent.RunAsync("Again", session, new ChatClientAgentRunOptions(new ChatOptions { ToolMode = ChatToolMode.None }), _stop);
        Assert.Equal("c", client.Requests[1].Options.ConversationId);
        Assert.Equal("Again", Assert.Single(client.Requests[1].Messages).Text);
    }

    private ChatClientAgent NewAgent(IChatClient client) => new(client, tools: [AIFunctionFactory.Create(Weather)]);

    private string Weather(string city)
    {
        _cities.Add(city);
        return $"rain in {city}";
    }

    private static ScriptedChatClient NewClient(string? conversationId) => new(request =>
        request.Results.LastOrDefault() is { } result ? [new TextContent("It says: "), new TextContent($"{result.Result}")]
        : request.Options.ToolMode is NoneChatToolMode ? [new TextContent("no tool")]
        : [new FunctionCallContent("call-1", request.Options.Tools!.OfType<AIFunction>().First().Name, new Dictionary<string, object?> { ["city"] = "Oslo" })])
    {
        ConversationId = conversationId,
    };
}
