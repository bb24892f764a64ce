using System.Text.Json;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary>Histories of an agent over another model, kept as stored conversations.</summary>
public sealed class RwkvXChatHistoryProviderTests(EmbeddedClient embedded) : IClassFixture<EmbeddedClient>, IDisposable
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedChatClient _other = new(request => [new TextContent($"answer {request.Messages.Count}")]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task History_AfterARestart_IsSentAgain()
    {
        JsonElement json;
        await using (StoredClient process = new(embedded.Client, _folder.Path))
        {
            ChatClientAgent agent = NewAgent(process);
            AgentSession session = await agent.CreateSessionAsync(_stop);
            await agent.RunAsync("One", session, cancellationToken: _stop);
            await agent.RunAsync("Two", session, cancellationToken: _stop);
            json = (await agent.SerializeSessionAsync(session, cancellationToken: _stop)).Clone();
        }

        await using (StoredClient process = new(embedded.Client, _folder.Path))
        {
            ChatClientAgent agent = NewAgent(process);
            AgentSession session = await agent.DeserializeSessionAsync(json, cancellationToken: _stop);
            await agent.RunAsync("Three", session, cancellationToken: _stop);
            Assert.Equal(["One", "answer 1", "Two", "answer 3", "Three"], _other.Requests[^1].Messages.Select(message => message.Text));
            Assert.Equal([ChatRole.User, ChatRole.Assistant, ChatRole.User, ChatRole.Assistant, ChatRole.User], _other.Requests[^1].Messages.Select(message => message.Role));
            ConversationKey key = (await new RwkvXChatHistoryProvider(process.Memory).FindConversationAsync(session, _stop))!.Value;
            Assert.Equal(6, (await process.Memory.TranscriptAsync(key, _stop)).Count);
            Assert.DoesNotContain("One", json.GetRawText(), StringComparison.Ordinal); // the session holds a name, not the history
        }
    }

    [Fact]
    public async Task MaxMessages_Set_OnlyTheNewestAreSent()
    {
        await using StoredClient process = new(embedded.Client, _folder.Path);
        ChatClientAgent agent = NewAgent(process, new RwkvXChatHistoryProviderOptions { MaxMessages = 2 });
        AgentSession session = await agent.CreateSessionAsync(_stop);
        foreach (string text in (string[])["One", "Two", "Three"]) await agent.RunAsync(text, session, cancellationToken: _stop);
        Assert.Equal(["Two", "answer 3", "Three"], _other.Requests[^1].Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task Sessions_Two_DoNotMix()
    {
        await using StoredClient process = new(embedded.Client, _folder.Path);
        ChatClientAgent agent = NewAgent(process);
        AgentSession one = await agent.CreateSessionAsync(_stop), two = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("One", one, cancellationToken: _stop);
        await agent.RunAsync("Two", two, cancellationToken: _stop);
        Assert.Equal("Two", Assert.Single(_other.Requests[^1].Messages).Text);
    }

    [Fact]
    public async Task ToolCalls_InTheHistory_KeepTheirContents()
    {
        ScriptedChatClient caller = new(request => request.Results.Any()
            ? [new TextContent("done")] : [new FunctionCallContent("call-1", "Weather", new Dictionary<string, object?> { ["city"] = "Oslo" })]);
        await using StoredClient process = new(embedded.Client, _folder.Path);
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create((string city) => $"rain in {city}", "Weather")] };
        ChatClientAgent agent = new(caller, new ChatClientAgentOptions { ChatOptions = options, ChatHistoryProvider = new RwkvXChatHistoryProvider(process.Memory) });
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("Weather?", session, cancellationToken: _stop);
        await agent.RunAsync("Again?", session, cancellationToken: _stop);
        FunctionCallContent call = Assert.Single(caller.Requests[^1].Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.Equal(("call-1", "Weather", "Oslo"), (call.CallId, call.Name, $"{call.Arguments!["city"]}"));
        Assert.Equal("rain in Oslo", $"{Assert.Single(caller.Requests[^1].Results).Result}");
    }

    [Fact]
    public async Task History_Deleted_IsATypedErrorNotAnEmptyOne()
    {
        await using StoredClient process = new(embedded.Client, _folder.Path);
        ChatClientAgent agent = NewAgent(process);
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("One", session, cancellationToken: _stop);
        await process.Memory.DeleteAsync((await new RwkvXChatHistoryProvider(process.Memory).FindConversationAsync(session, _stop))!.Value, _stop);
        await Assert.ThrowsAsync<ConversationNotFoundException>(() => agent.RunAsync("Two", session, cancellationToken: _stop));
    }

    [Fact]
    public async Task Run_Failed_StoresNothing()
    {
        await using StoredClient process = new(embedded.Client, _folder.Path);
        ChatClientAgent agent = new(
            new ScriptedChatClient(_ => throw new InvalidOperationException("down")), new ChatClientAgentOptions { ChatHistoryProvider = new RwkvXChatHistoryProvider(process.Memory) });
        await Assert.ThrowsAsync<InvalidOperationException>(() => agent.RunAsync("One", cancellationToken: _stop));
        Assert.Empty(await process.Memory.ListAsync("default", cancellationToken: _stop));
    }

    private ChatClientAgent NewAgent(StoredClient process, RwkvXChatHistoryProviderOptions? options = null) =>
        new(_other, new ChatClientAgentOptions { ChatHistoryProvider = new RwkvXChatHistoryProvider(process.Memory, options) });
}
