using System.Text.Json;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary><see cref="ChatClientAgent"/> over the embedded model: what it says is what the client alone says to the same messages.</summary>
public sealed class ChatClientAgentTests(EmbeddedClient embedded) : IClassFixture<EmbeddedClient>
{
    private const string Fact = "The access code for the grey door is 23902.";
    private const string Question = "What is the access code for the grey door?";
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Text_IsTheClientsAnswer()
    {
        AgentResponse response = await embedded.NewAgent().RunAsync("Hello! How are you today?", cancellationToken: _stop);
        Assert.Equal(await embedded.AnswerAsync(_stop, User("Hello! How are you today?")), response.Text);
        Assert.Equal("Nora", Assert.Single(response.Messages).AuthorName);
        Assert.Equal(response.Usage!.InputTokenCount + response.Usage.OutputTokenCount, response.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Run_Instructions_AreReadFirst()
    {
        AgentResponse response = await embedded.NewAgent("You are friendly.").RunAsync("Hello!", cancellationToken: _stop);
        Assert.Equal(await embedded.AnswerAsync(_stop, new ChatMessage(ChatRole.System, "You are friendly."), User("Hello!")), response.Text);
    }

    [Fact]
    public async Task Stream_Updates_JoinToTheAnswer()
    {
        List<AgentResponseUpdate> updates = [];
        await foreach (AgentResponseUpdate update in embedded.NewAgent().RunStreamingAsync("Hello! How are you today?", cancellationToken: _stop)) updates.Add(update);
        Assert.True(updates.Count > 2, $"expected a stream, found {updates.Count} updates");
        Assert.Equal(await embedded.AnswerAsync(_stop, User("Hello! How are you today?")), string.Concat(updates.Select(update => update.Text)));
        Assert.Single(updates.SelectMany(update => update.Contents).OfType<UsageContent>());
    }

    [Fact]
    public async Task Session_SecondRun_RemembersAndReadsOnlyWhatIsNew()
    {
        ChatClientAgent agent = embedded.NewAgent();
        AgentSession session = await agent.CreateSessionAsync(_stop);
        string first = (await agent.RunAsync(Fact, session, cancellationToken: _stop)).Text;
        AgentResponse second = await agent.RunAsync(Question, session, cancellationToken: _stop);
        Assert.Contains("23902", second.Text);
        Assert.Equal(await embedded.AnswerAsync(_stop, User(Fact), new ChatMessage(ChatRole.Assistant, first), User(Question)), second.Text);
        Assert.True(second.Usage!.CachedInputTokenCount > 0);
    }

    [Fact]
    public async Task Session_ThroughJson_GoesOnInAnotherAgent()
    {
        ChatClientAgent before = embedded.NewAgent();
        AgentSession session = await before.CreateSessionAsync(_stop);
        await before.RunAsync(Fact, session, cancellationToken: _stop);
        JsonElement json = await before.SerializeSessionAsync(session, cancellationToken: _stop);
        ChatClientAgent after = embedded.NewAgent();
        AgentSession restored = await after.DeserializeSessionAsync(JsonElement.Parse(json.GetRawText()), cancellationToken: _stop);
        Assert.Contains("23902", (await after.RunAsync(Question, restored, cancellationToken: _stop)).Text);
    }

    [Fact]
    public async Task Stream_LeftEarly_AgentStaysUsable()
    {
        ChatClientAgent agent = embedded.NewAgent();
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await foreach (AgentResponseUpdate _ in agent.RunStreamingAsync("Tell me more.", session, cancellationToken: _stop)) break;
        Assert.Equal(await embedded.AnswerAsync(_stop, User("Hello!")), (await agent.RunAsync("Hello!", session, cancellationToken: _stop)).Text);
    }

    private static ChatMessage User(string text) => new(ChatRole.User, text);
}
