using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary>An agent over this model whose client keeps the conversation itself.</summary>
public sealed class StoredAgentTests(EmbeddedClient embedded) : IClassFixture<EmbeddedClient>, IDisposable
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConversationId_AcrossProcesses_GoesOnAsOneConversation(bool streams)
    {
        List<string> answers = [];
        List<ChatMessage> history = [new(ChatRole.System, "You are friendly.")];
        string? id = null;
        foreach (string text in (string[])["The access code for the grey door is 23902.", "How are you?", "What is the access code for the grey door?"])
        {
            await using StoredClient process = new(embedded.Client, _folder.Path);
            ChatOptions options = EmbeddedClient.Greedy;
            (options.Instructions, options.AdditionalProperties) = ("You are friendly.", new() { ["rwkvx.store"] = true });
            ChatClientAgent agent = new(process.Client, new ChatClientAgentOptions { ChatOptions = options });
            AgentSession session = id is null ? await agent.CreateSessionAsync(_stop) : await agent.CreateSessionAsync(id, _stop);
            AgentResponse response = streams
                ? await agent.RunStreamingAsync(text, session, cancellationToken: _stop).ToAgentResponseAsync(_stop) : await agent.RunAsync(text, session, cancellationToken: _stop);
            id ??= Assert.IsType<ChatClientAgentSession>(session).ConversationId;
            Assert.Equal(id, ((ChatClientAgentSession)session).ConversationId);
            history.Add(new ChatMessage(ChatRole.User, text));
            Assert.Equal(await embedded.AnswerAsync(_stop, [.. history]), response.Text); // as if everything had been sent every time
            history.AddRange(response.Messages);
            answers.Add(response.Text);
        }

        Assert.Contains("23902", answers[^1], StringComparison.Ordinal);
    }
}
