using System.Text.Json;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary>The memory of an agent over another model.</summary>
public sealed class RwkvXContextProviderTests(EmbeddedClient embedded) : IClassFixture<EmbeddedClient>, IDisposable
{
    private const string Fact = "The access code for the grey door is 23902.";
    private const string Question = "What is the access code for the grey door?";
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedChatClient _other = new(_ => [new TextContent("I see.")]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Recall_AfterARestart_GoesIntoTheInstructions()
    {
        JsonElement json;
        await using (StoredClient process = new(embedded.Client, _folder.Path))
        {
            ChatClientAgent agent = NewAgent(process);
            AgentSession session = await agent.CreateSessionAsync(_stop);
            await agent.RunAsync(Fact, session, cancellationToken: _stop);
            Assert.Equal("Be brief.", _other.Requests[^1].Options.Instructions); // nothing to remember yet
            json = (await agent.SerializeSessionAsync(session, cancellationToken: _stop)).Clone();
        }

        await using (StoredClient process = new(embedded.Client, _folder.Path))
        {
            ChatClientAgent agent = NewAgent(process);
            AgentSession session = await agent.DeserializeSessionAsync(json, cancellationToken: _stop);
            await agent.RunAsync(Question, session, cancellationToken: _stop);
            string instructions = _other.Requests[^1].Options.Instructions!;
            Assert.StartsWith("Be brief.\nFrom memory: ", instructions, StringComparison.Ordinal);
            Assert.Contains("23902", instructions, StringComparison.Ordinal);
            Assert.Single(await process.Memory.ListAsync("default", cancellationToken: _stop)); // the forks that answered are gone
        }
    }

    [Fact]
    public async Task Recall_OnDemand_IsATool()
    {
        ScriptedChatClient caller = new(request =>
            request.Results.LastOrDefault() is { } result ? [new TextContent($"It is {result.Result}")]
            : request.Options.Tools?.OfType<AIFunction>().SingleOrDefault(tool => tool.Name == RwkvXContextProvider.RecallName) is { } recall
                ? [new FunctionCallContent("call-1", recall.Name, new Dictionary<string, object?> { ["question"] = Question })] : [new TextContent("I see.")]);
        await using StoredClient process = new(embedded.Client, _folder.Path);
        RwkvXContextProviderOptions options = new() { RecallTime = RecallTime.OnDemand };
        ChatClientAgent agent = NewAgent(process, options, caller);
        AgentSession session = await agent.CreateSessionAsync(_stop);
        Assert.Equal("I see.", (await agent.RunAsync(Fact, session, cancellationToken: _stop)).Text);
        Assert.Contains("23902", (await agent.RunAsync(Question, session, cancellationToken: _stop)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SharedConversation_ReadBefore_IsRecalledAndLeftAsItWas()
    {
        await using StoredClient process = new(embedded.Client, _folder.Path);
        ConversationKey key = new("default", "minutes");
        AppendResult read = await process.Memory.AppendAsync(key, $"The sky was grey.\n\n{Fact}\n\nThe meeting was long.", new AppendOptions { CreateIfMissing = true }, _stop);
        ChatClientAgent agent = NewAgent(process, new RwkvXContextProviderOptions { Conversation = "minutes", Remembers = false });
        await agent.RunAsync(Question, cancellationToken: _stop);
        Assert.Contains("23902", _other.Requests[^1].Options.Instructions, StringComparison.Ordinal);
        Assert.Equal(read.Head, (await process.Memory.StatAsync(key, _stop)).Stored.Info.Head);
    }

    [Fact]
    public async Task Container_Extensions_GiveProvidersOverItsMemory()
    {
        ServiceCollection services = new();
        services.AddRwkvXStorage(_folder.Path).AddRwkvXChatHistoryProvider().AddRwkvXContextProvider(options => options.Conversation = "notes").AddRwkvXAgentSessionStore();
        services.AddRwkvX();
        await using ServiceProvider provider = services.BuildServiceProvider();
        ChatClientAgentOptions options = new()
        {
            ChatHistoryProvider = provider.GetRequiredService<ChatHistoryProvider>(),
            AIContextProviders = [provider.GetRequiredService<AIContextProvider>()],
        };
        ChatClientAgent agent = new(_other, options);
        AgentSession session = await agent.CreateSessionAsync(_stop);
        await agent.RunAsync("Hello", session, cancellationToken: _stop);
        await provider.GetRequiredService<AgentSessionStore>().SaveSessionAsync(agent, new AgentSessionStoreKey("s"), session, _stop);
        IReadOnlyList<ConversationInfo> all = await provider.GetRequiredService<IRwkvXMemory>().ListAsync("default", cancellationToken: _stop);
        Assert.Equal(3, all.Count); // the history, the notes, the session
        Assert.Contains(all, info => info.Key.Name == "notes" && info.Messages == 2);
    }

    private ChatClientAgent NewAgent(StoredClient process, RwkvXContextProviderOptions? options = null, IChatClient? client = null) => new(client ?? _other, new ChatClientAgentOptions
    {
        ChatOptions = new ChatOptions { Instructions = "Be brief." },
        AIContextProviders = [new RwkvXContextProvider(process.Memory, process.Client, options)],
    });
}
