using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>The memory as a kernel's context provider, over one folder and several processes' worth of clients.</summary>
public sealed class RwkvXContextProviderTests(KernelFixture fixture) : IClassFixture<KernelFixture>, IDisposable
{
    private const string Fact = "The access code for the grey door is 23902.";
    private const string Question = "What is the access code for the grey door?";
    private static readonly ConversationKey Key = new("default", "thread");
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task SuspendAndResume_AcrossProcesses_GoBackToTheCheckpoint()
    {
        LogPosition suspended;
        await using (StoredClient process = NewProcess())
        {
            RwkvXContextProvider provider = new(process.Memory, process.Client);
            await provider.ConversationCreatedAsync("thread", _stop);
            await provider.MessageAddingAsync("thread", User(Fact), _stop);
            await provider.MessageAddingAsync("thread", new ChatMessage(ChatRole.Assistant, "Noted."), _stop);
            suspended = (await process.Memory.StatAsync(Key, _stop)).Stored.Info.Head;
            await provider.SuspendingAsync("thread", _stop);
            await provider.MessageAddingAsync("thread", User("The access code for the grey door is 11111."), _stop); // cut off before it was suspended
        }

        await using (StoredClient process = NewProcess())
        {
            RwkvXContextProvider provider = new(process.Memory, process.Client);
            await provider.ResumingAsync("thread", _stop);
            Assert.Equal(suspended.Tokens, (await process.Memory.StatAsync(Key, _stop)).Stored.Info.Head.Tokens);
            AIContext context = await provider.ModelInvokingAsync([User(Question)], _stop);
            Assert.StartsWith("From memory: ", context.Instructions, StringComparison.Ordinal);
            Assert.Contains("23902", context.Instructions, StringComparison.Ordinal);
            Assert.Equal([Fact, "Noted."], (await process.Memory.TranscriptAsync(Key, _stop)).Select(entry => entry.Text));
            Assert.Single(await process.Memory.ListAsync("default", cancellationToken: _stop)); // the fork that answered is gone
        }
    }

    [Fact]
    public async Task Recall_Function_AnswersAsAKernelFunction()
    {
        await using StoredClient process = NewProcess();
        RwkvXContextProvider provider = new(process.Memory, process.Client, new RwkvXContextProviderOptions { RecallsBeforeInvocation = false });
        Assert.Empty((await provider.ModelInvokingAsync([User(Question)], _stop)).AIFunctions); // nothing to remember yet
        await provider.MessageAddingAsync(null, User(Fact), _stop);
        AIContext context = await provider.ModelInvokingAsync([User(Question)], _stop);
        Assert.Null(context.Instructions);
        AIFunction recall = Assert.Single(context.AIFunctions);
        Kernel kernel = new();
        kernel.Plugins.AddFromFunctions("memory", [recall.AsKernelFunction()]);
        FunctionResult result = await kernel.InvokeAsync("memory", RwkvXContextProvider.RecallName, new() { ["question"] = Question }, _stop);
        Assert.Contains("23902", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_Conversation_LeavesNothingAndResumeIsATypedError()
    {
        await using StoredClient process = NewProcess();
        RwkvXContextProvider provider = new(process.Memory, process.Client);
        await Assert.ThrowsAsync<ConversationNotFoundException>(() => provider.ResumingAsync("thread", _stop));
        await provider.MessageAddingAsync("thread", User(Fact), _stop);
        Exception never = await Assert.ThrowsAsync<ConversationNotFoundException>(() => provider.ResumingAsync("thread", _stop));
        Assert.Contains("suspended", never.Message, StringComparison.Ordinal);
        await provider.ConversationDeletingAsync("thread", _stop);
        Assert.Null(provider.Conversation);
        Assert.Empty(await process.Memory.ListAsync("default", cancellationToken: _stop));
        await provider.ConversationCreatedAsync("thread", _stop);
        await Assert.ThrowsAsync<ConversationExistsException>(() => provider.ConversationCreatedAsync("thread", _stop));
    }

    [Fact]
    public async Task Container_Extension_GivesAProviderForEachThread()
    {
        ServiceCollection services = new();
        services.AddRwkvXStorage(_folder.Path).AddRwkvXChatCompletion(serviceId: "id").AddRwkvXContextProvider(serviceId: "id");
        await using ServiceProvider container = services.BuildServiceProvider();
        AIContextProvider one = container.GetRequiredKeyedService<AIContextProvider>("id"), two = container.GetRequiredKeyedService<AIContextProvider>("id");
        Assert.NotSame(one, two);
        AggregateAIContextProvider both = new([one]);
        await both.MessageAddingAsync(null, new ChatMessageContent(AuthorRole.User, Fact), _stop);
        Assert.Contains("23902", (await both.ModelInvokingAsync([User(Question)], _stop)).Instructions, StringComparison.Ordinal);
        Assert.Null((await two.ModelInvokingAsync([User(Question)], _stop)).Instructions);
    }

    [Fact]
    public async Task KernelTurns_OnAStoredConversation_GoOnAcrossProcesses()
    {
        string answer = "";
        foreach (string text in (string[])[Fact, "How are you?", Question])
        {
            await using StoredClient process = NewProcess();
            IReadOnlyList<ConversationInfo> all = await process.Memory.ListAsync("default", cancellationToken: _stop);
            if (all.Count == 0) await process.Memory.CreateAsync(Key, cancellationToken: _stop);
            (Kernel kernel, _) = KernelFixture.Over(process.Client);
            RwkvXPromptExecutionSettings settings = KernelFixture.Greedy;
            settings.ConversationId = "thread";
            answer = (await kernel.InvokePromptAsync(text, new(settings), cancellationToken: _stop)).ToString();
        }

        Assert.Contains("23902", answer, StringComparison.Ordinal);
    }

    private StoredClient NewProcess() => new(fixture.Client, _folder.Path);

    private static ChatMessage User(string text) => new(ChatRole.User, text);
}
