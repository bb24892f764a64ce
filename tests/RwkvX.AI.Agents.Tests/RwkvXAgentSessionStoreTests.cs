using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary>Sessions through the store, over one folder and several processes' worth of clients.</summary>
public sealed class RwkvXAgentSessionStoreTests(EmbeddedClient embedded) : IClassFixture<EmbeddedClient>, IDisposable
{
    private const string Fact = "The access code for the grey door is 23902.";
    private const string Question = "What is the access code for the grey door?";
    private static readonly AgentSessionStoreKey Key = new("session");
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Session_SavedInOneProcess_GoesOnInTheNext()
    {
        string expected;
        await using (StoredClient process = NewProcess())
        {
            (ChatClientAgent agent, RwkvXAgentSessionStore sessions) = NewAgent(process);
            AgentSession session = await sessions.GetOrCreateSessionAsync(agent, Key, _stop);
            await agent.RunAsync(Fact, session, cancellationToken: _stop);
            await sessions.SaveSessionAsync(agent, Key, session, _stop);
            expected = (await agent.RunAsync(Question, session, cancellationToken: _stop)).Text; // not saved
        }

        await using (StoredClient process = NewProcess())
        {
            (ChatClientAgent agent, RwkvXAgentSessionStore sessions) = NewAgent(process);
            AgentSession session = (await sessions.GetSessionAsync(agent, Key, _stop))!;
            AgentResponse response = await agent.RunAsync(Question, session, cancellationToken: _stop);
            Assert.Contains("23902", response.Text);
            Assert.Equal(expected, response.Text); // it goes on where it was saved, not where the first process went after that
            long read = response.Usage!.InputTokenCount!.Value - response.Usage.CachedInputTokenCount!.Value;
            Assert.InRange(read, 1, 60); // the question alone
        }
    }

    [Fact]
    public async Task Branches_OfOneSession_DoNotSeeEachOther()
    {
        await using StoredClient process = NewProcess();
        (ChatClientAgent agent, RwkvXAgentSessionStore sessions) = NewAgent(process);
        AgentSession first = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("Hello!", first, cancellationToken: _stop);
        await sessions.SaveSessionAsync(agent, Key, first, _stop);
        AgentSession left = (await sessions.GetSessionAsync(agent, Key, _stop))!, right = (await sessions.GetSessionAsync(agent, Key, _stop))!;
        await agent.RunAsync(Fact, left, cancellationToken: _stop);
        Assert.Equal(2, await TurnsAsync(process, left));
        Assert.Equal(1, await TurnsAsync(process, right));
        Assert.Equal(1, await TurnsAsync(process, (await sessions.GetSessionAsync(agent, Key, _stop))!));
        await sessions.SaveSessionAsync(agent, Key, left, _stop);
        Assert.Equal(2, await TurnsAsync(process, (await sessions.GetSessionAsync(agent, Key, _stop))!));
        Assert.Equal(1, await TurnsAsync(process, right));
    }

    [Fact]
    public async Task Save_ManyTimes_KeepsOneForkAndAShortLog()
    {
        await using StoredClient process = NewProcess();
        (ChatClientAgent agent, RwkvXAgentSessionStore sessions) = NewAgent(process);
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("Hello!", session, cancellationToken: _stop);
        for (int save = 0; save < 70; save++)
        {
            session.StateBag.SetValue("count", $"{save}");
            await sessions.SaveSessionAsync(agent, Key, session, _stop);
        }

        Assert.Equal("69", (await sessions.GetSessionAsync(agent, Key, _stop))!.StateBag.GetValue<string>("count"));
        IReadOnlyList<ConversationInfo> all = await process.Memory.ListAsync("default", cancellationToken: _stop);
        Assert.Single(all, info => info.Key.Name.StartsWith("session-saved-", StringComparison.Ordinal));
        ConversationInfo record = Assert.Single(all, info => info.Messages > 0 && info.Head.Tokens == 0);
        Assert.InRange(record.Messages, 1, 32);
        Assert.Empty(await process.Memory.VerifyAsync(_stop));
    }

    [Fact]
    public async Task Delete_Session_LeavesNothing()
    {
        await using StoredClient process = NewProcess();
        (ChatClientAgent agent, RwkvXAgentSessionStore sessions) = NewAgent(process);
        await sessions.DeleteSessionAsync(agent, Key, _stop); // none there: nothing to do
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("Hello!", session, cancellationToken: _stop);
        await sessions.SaveSessionAsync(agent, Key, session, _stop);
        await sessions.DeleteSessionAsync(agent, Key, _stop);
        Assert.Null(await sessions.GetSessionAsync(agent, Key, _stop));
        ConversationInfo left = Assert.Single(await process.Memory.ListAsync("default", cancellationToken: _stop));
        Assert.Equal(((ChatClientAgentSession)session).ConversationId, left.Key.Name); // the caller's own
    }

    [Fact]
    public async Task Key_OtherPartitionAgentOrTenant_IsAnotherSession()
    {
        await using StoredClient process = NewProcess();
        (ChatClientAgent agent, _) = NewAgent(process);
        RwkvXAgentSessionStore sessions = new(process.Memory, process.Store, new RwkvXAgentSessionStoreOptions { TenantPartition = "tenant" });
        AgentSession session = await agent.CreateSessionAsync(_stop);
        AgentSessionStoreKey key = Key.WithPartition("user", "ann").WithPartition("tenant", "acme");
        await sessions.SaveSessionAsync(agent, key, session, _stop);
        Assert.NotNull(await sessions.GetSessionAsync(agent, Key.WithPartition("tenant", "acme").WithPartition("user", "ann"), _stop));
        Assert.Null(await sessions.GetSessionAsync(agent, Key.WithPartition("user", "ann"), _stop));
        Assert.Null(await sessions.GetSessionAsync(agent, Key.WithPartition("user", "bob").WithPartition("tenant", "acme"), _stop));
        Assert.Null(await sessions.GetSessionAsync(agent, Key.WithPartition("user", "ann").WithPartition("tenant", "umbrella"), _stop));
        Assert.Null(await sessions.GetSessionAsync(new ChatClientAgent(process.Client, name: "another"), key, _stop));
        Assert.Single(await process.Memory.ListAsync("acme", cancellationToken: _stop));
        Assert.Empty(await process.Memory.ListAsync("default", cancellationToken: _stop));
    }

    [Fact]
    public async Task Get_ConversationDeleted_IsATypedError()
    {
        await using StoredClient process = NewProcess();
        (ChatClientAgent agent, RwkvXAgentSessionStore sessions) = NewAgent(process);
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("Hello!", session, cancellationToken: _stop);
        await sessions.SaveSessionAsync(agent, Key, session, _stop);
        IReadOnlyList<ConversationInfo> all = await process.Memory.ListAsync("default", cancellationToken: _stop);
        await process.Memory.DeleteAsync(all.Single(info => info.Key.Name.StartsWith("session-saved-", StringComparison.Ordinal)).Key, _stop);
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await sessions.GetSessionAsync(agent, Key, _stop));
    }

    private StoredClient NewProcess() => new(embedded.Client, _folder.Path);

    private static (ChatClientAgent Agent, RwkvXAgentSessionStore Sessions) NewAgent(StoredClient process)
    {
        ChatOptions options = EmbeddedClient.Greedy;
        options.AdditionalProperties = new() { ["rwkvx.store"] = true };
        return (new ChatClientAgent(process.Client, new ChatClientAgentOptions { Name = "Nora", ChatOptions = options }), new RwkvXAgentSessionStore(process.Memory, process.Store));
    }

    private async Task<int> TurnsAsync(StoredClient process, AgentSession session) =>
        (await process.Memory.StatAsync(new ConversationKey("default", ((ChatClientAgentSession)session).ConversationId!), _stop)).Stored.Info.Turns;
}
