using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tests.Tokenization;
using Xunit;
using static RwkvX.AI.Tests.Chat.ScriptedChat;

namespace RwkvX.AI.Tests.Chat;

/// <summary>Conversations by id: only what is new is sent, and the answers are those of a client that is sent everything.</summary>
public sealed class StoredConversationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Turns_ById_GiveTheAnswersOfTheWholeHistory()
    {
        using ScriptedChat stored = Hashing(Vocabularies.Embedded), whole = Hashing(Vocabularies.Embedded);
        List<ChatMessage> history = [new(ChatRole.System, "Be kind."), User("Hi")];
        ChatResponse response = await stored.Client.GetResponseAsync(history, Storing(), Cancellation);
        string id = Assert.IsType<string>(response.ConversationId);
        for (int turn = 0; turn < 8; turn++)
        {
            ChatResponse expected = await whole.AskAsync([.. history]);
            Assert.Equal(expected.Text, response.Text);
            Assert.Equal(expected.Usage!.InputTokenCount, response.Usage!.InputTokenCount);
            ChatMessage next = User($"And {turn}?");
            history.AddRange([.. expected.Messages, next]);
            long before = stored.Model.ComputedTokens;
            response = await stored.Client.GetResponseAsync([next], On(id), Cancellation);
            Assert.Equal(id, response.ConversationId);
            long own = response.Usage!.InputTokenCount!.Value - response.Usage.CachedInputTokenCount!.Value;
            Assert.Equal(stored.Tokenizer.Encode($"User: {next.Text}\n\nAssistant:").Length, own);
            Assert.InRange(stored.Model.ComputedTokens - before, own, own + response.Usage.OutputTokenCount!.Value + 20);
        }

        Assert.Empty(await Memory(stored).VerifyAsync(Cancellation));
        IReadOnlyList<TranscriptEntry> transcript = await Memory(stored).TranscriptAsync(new ConversationKey("default", id), Cancellation);
        Assert.Equal([.. history.Select(message => message.Text), response.Text], transcript.Select(entry => entry.Text));
    }

    [Fact]
    public async Task Updates_OfAStoredTurn_AllCarryTheIdAndTheLastSaysWhereItWas()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded, new RwkvXOptions { StoreConversations = true, Tenant = "t" });
        List<ChatResponseUpdate> updates = await chat.Client.GetStreamingResponseAsync([User("Hi")], Greedy, Cancellation).ToListAsync(Cancellation);
        string id = Assert.Single(updates.Select(update => update.ConversationId).Distinct())!;
        Assert.Equal("nothing", updates[^1].AdditionalProperties!["rwkvx.restored_from"]);
        ChatResponse next = await chat.Client.GetResponseAsync([User("And?")], On(id), Cancellation);
        Assert.Equal("memory", next.AdditionalProperties!["rwkvx.restored_from"]);
        Assert.Equal("keep-all", next.AdditionalProperties["rwkvx.retention"]);
        Assert.Equal((await Memory(chat).StatAsync(new ConversationKey("t", id), Cancellation)).Stored.Info.Head.Tokens, next.AdditionalProperties["rwkvx.conversation_tokens"]);
        Assert.Null((await chat.Client.GetResponseAsync([User("Hi")], Storing(false), Cancellation)).ConversationId);
    }

    [Fact]
    public async Task Turn_OfAnUnknownIdOrAnotherTenant_IsATypedError()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded);
        string id = (await chat.Client.GetResponseAsync([User("Hi")], Storing(), Cancellation)).ConversationId!;
        Assert.Equal("c1", (await Assert.ThrowsAsync<ConversationNotFoundException>(() => chat.Client.GetResponseAsync([User("Hi")], On("c1"), Cancellation))).Key.Name);
        await Assert.ThrowsAsync<ConversationNotFoundException>(() => chat.Client.GetResponseAsync([User("Hi")], On(id, "other"), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => chat.Client.GetResponseAsync([User("Hi")], On(id, ""), Cancellation));
    }

    [Fact]
    public async Task Turn_CancelledAtEveryPass_LeavesTheConversationAsItWas()
    {
        using ScriptedChat twin = Hashing(Vocabularies.Embedded, new RwkvXOptions { PrefillSpan = 5 });
        using ScriptedChat chat = Hashing(Vocabularies.Embedded, new RwkvXOptions { PrefillSpan = 5 });
        string id = (await chat.Client.GetResponseAsync([User("Hi")], Storing(), Cancellation)).ConversationId!;
        string twinId = (await twin.Client.GetResponseAsync([User("Hi")], Storing(), Cancellation)).ConversationId!;
        ConversationKey key = new("default", id);
        ConversationStats before = (await Memory(chat).StatAsync(key, Cancellation)).Stored;
        int passes = twin.Model.Passes;
        string expected = (await twin.Client.GetResponseAsync([User("And what else?")], On(twinId), Cancellation)).Text;
        passes = twin.Model.Passes - passes;
        for (int cancelled = 1; cancelled <= passes; cancelled++)
        {
            using CancellationTokenSource source = new();
            int at = chat.Model.Passes + cancelled;
            chat.Model.OnPass = pass =>
            {
                if (pass == at) source.Cancel();
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => chat.Client.GetResponseAsync([User("And what else?")], On(id), source.Token));
            Assert.Equal((1, before.Info.Head), (chat.Model.LiveStates, (await Memory(chat).StatAsync(key, Cancellation)).Stored.Info.Head));
        }

        chat.Model.OnPass = null;
        Assert.Equal(expected, (await chat.Client.GetResponseAsync([User("And what else?")], On(id), Cancellation)).Text);
    }

    [Fact]
    public async Task Turn_WithAnEmptyAnswer_ForgetsThatItWasOpened()
    {
        using ScriptedChat chat = new(Vocabularies.Embedded, _ => Vocabularies.Embedded.Encode("\n\nUser:"));
        string id = (await chat.Client.GetResponseAsync([User("Hi")], Storing(), Cancellation)).ConversationId!;
        await chat.Client.GetResponseAsync([User("Well?")], On(id), Cancellation);
        ConversationStats stats = (await Memory(chat).StatAsync(new ConversationKey("default", id), Cancellation)).Stored;
        Assert.Equal((Vocabularies.Embedded.Encode("User: Hi\n\nUser: Well?\n\n").Length, 2), (stats.Info.Head.Tokens, stats.Info.Turns));
    }

    [Fact]
    public async Task Instructions_SentWithEveryTurn_AreReadOnceUntilTheyChange()
    {
        List<string> prompts = [];
        using ScriptedChat chat = new(Vocabularies.Embedded, prompt =>
        {
            prompts.Add(prompt);
            return Vocabularies.Embedded.Encode(" Yes.\n\nUser:");
        });
        string? id = null;
        foreach (string instructions in new[] { "Be kind.", "Be kind.", "Be brief.", "Be brief." })
        {
            ChatOptions options = Storing();
            (options.Instructions, options.ConversationId) = (instructions, id);
            id = (await chat.Client.GetResponseAsync([User("Hi")], options, Cancellation)).ConversationId;
        }

        const string Turn = "User: Hi\n\nAssistant: Yes.\n\n";
        Assert.Equal($"System: Be kind.\n\n{Turn}{Turn}System: Be brief.\n\n{Turn}User: Hi\n\nAssistant:", prompts[^1]);
    }

    [Fact]
    public async Task Functions_CalledThroughTheMiddleware_SendOnlyResultsAndGoOnAsTheWholeHistory()
    {
        int[] Continue(string prompt) => Vocabularies.Embedded.Encode(
            prompt.EndsWith("What?\n\nAssistant:", StringComparison.Ordinal) ? " <tool_call>{\"name\":\"weather\",\"arguments\":{}}</tool_call>\n\nUser:" : " It is grey.\n\nUser:");
        List<string> prompts = [], wholePrompts = [];
        using ScriptedChat stored = new(Vocabularies.Embedded, prompt => Noted(prompts, prompt, Continue)), whole = new(Vocabularies.Embedded, prompt => Noted(wholePrompts, prompt, Continue));
        AIFunction weather = AIFunctionFactory.Create(() => "grey", "weather");
        using IChatClient storedTools = stored.Client.AsBuilder().UseFunctionInvocation().Build(), wholeTools = whole.Client.AsBuilder().UseFunctionInvocation().Build();
        ChatOptions options = Storing(), plain = Greedy;
        options.Tools = plain.Tools = [weather];
        options.Instructions = plain.Instructions = "Be kind.";
        ChatResponse response = await storedTools.GetResponseAsync([User("What?")], options, Cancellation);
        Assert.Equal((await wholeTools.GetResponseAsync([User("What?")], plain, Cancellation)).Text, response.Text);
        Assert.Equal(wholePrompts[^1], prompts[^1]);
        options.ConversationId = response.ConversationId;
        await storedTools.GetResponseAsync([User("And now?")], options, Cancellation);
        Assert.StartsWith(wholePrompts[^1], prompts[^1], StringComparison.Ordinal);
        Assert.Equal(1, prompts[^1].Split("<tools>").Length - 1);
        IReadOnlyList<TranscriptEntry> transcript = await Memory(stored).TranscriptAsync(new ConversationKey("default", response.ConversationId!), Cancellation);
        Assert.Contains(transcript, entry => entry.Role == "tool" && entry.Contents!.Contains("grey", StringComparison.Ordinal));

        static int[] Noted(List<string> prompts, string prompt, Func<string, int[]> next)
        {
            prompts.Add(prompt);
            return next(prompt);
        }
    }

    [Fact]
    public async Task Prefix_OfAnotherTenant_IsNotReused()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded);
        ChatOptions As(string tenant) => new() { Temperature = 0, AdditionalProperties = new() { ["rwkvx.tenant"] = tenant } };
        Assert.Equal(0, (await chat.Client.GetResponseAsync([User("Hi")], As("a"), Cancellation)).Usage!.CachedInputTokenCount);
        Assert.Equal(0, (await chat.Client.GetResponseAsync([User("Hi")], As("b"), Cancellation)).Usage!.CachedInputTokenCount);
        Assert.True((await chat.Client.GetResponseAsync([User("Hi")], As("a"), Cancellation)).Usage!.CachedInputTokenCount > 0);
    }

    [Fact]
    public async Task Memory_AndClient_AreTheSameConversations()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded), whole = Hashing(Vocabularies.Embedded);
        ConversationKey key = new("default", "minutes");
        await Memory(chat).AppendAsync(key, "The sky was grey.", new AppendOptions { CreateIfMissing = true }, Cancellation);
        ChatResponse response = await chat.Client.GetResponseAsync([User("What colour?")], On("minutes"), Cancellation);
        Assert.Equal((await whole.AskAsync(AI.Prompts.DocumentMessageExtensions.AsDocument(User("The sky was grey.")), User("What colour?"))).Text, response.Text);
    }

    private static IRwkvXMemory Memory(ScriptedChat chat) => chat.Client.GetRequiredService<IRwkvXMemory>();

    private static ChatOptions Storing(bool store = true) => new() { Temperature = 0, AdditionalProperties = new() { ["rwkvx.store"] = store } };

    private static ChatOptions On(string id, string? tenant = null) => new()
    {
        Temperature = 0,
        ConversationId = id,
        AdditionalProperties = tenant is null ? null : new() { ["rwkvx.tenant"] = tenant },
    };
}
