using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Prompts;
using RwkvX.AI.Tests.Tokenization;
using RwkvX.AI.Tokenization;
using Xunit;
using static RwkvX.AI.Tests.Chat.ScriptedChat;

namespace RwkvX.AI.Tests.Chat;

/// <summary>What is kept between turns: a request pays only for what is new, and never gets another state than its own.</summary>
public sealed class ConversationTests
{
    public static TheoryData<string, string, bool, string?, int> Answers()
    {
        TheoryData<string, string, bool, string?, int> data = [];
        foreach (string vocabulary in new[] { "embedded", "world" })
        {
            foreach (bool byByte in new[] { false, true })
            {
                data.Add(vocabulary, " Hello there.\n\nUser:", byByte, null, 100);
                data.Add(vocabulary, " Hello there.\n\n", byByte, null, 100); // end of text
                data.Add(vocabulary, " Hello there.", byByte, null, 100);
                data.Add(vocabulary, " One line\nand two.\n\nUser:", byByte, null, 100);
                data.Add(vocabulary, " A blank line\n\nand more.\n\nUser:", byByte, null, 100);
                data.Add(vocabulary, " Two \n \n\n\nUser:", byByte, null, 100);
                data.Add(vocabulary, "\n\nUser:", byByte, null, 100); // empty
                data.Add(vocabulary, " \n\nAssistant:", byByte, null, 100); // empty but for a space
                data.Add(vocabulary, "No space first\n\nSystem:", byByte, null, 100);
                data.Add(vocabulary, " Cut by max tokens, that is in the middle of it", byByte, null, 5);
                data.Add(vocabulary, " Cut\n\nUser: right", byByte, null, 7);
                data.Add(vocabulary, " Cut by the stop sequence, yes", byByte, "stop", 100);
                data.Add(vocabulary, " Cut in wonderful words", byByte, "rful", 100);
                data.Add(vocabulary, " \u4f60\u597d\u3002\n\nUser:", byByte, null, 100); // World has one piece for the full stop with its newline
                data.Add(vocabulary, " \U0001F600\U0001F600 and more", byByte, null, 6); // cut inside a character
                data.Add(vocabulary, " caf\u00e9 \U0001F600 end", byByte, "\U0001F600", 100);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task SecondTurn_AfterAnyAnswer_ComputesOnlyItsOwnTokens(string vocabulary, string answer, bool byByte, string? stop, int maxTokens)
    {
        WorldTokenizer tokenizer = Vocabularies.Get(vocabulary);
        int[] ids = byByte ? RwkvXChatClientTests.Ids(answer, true) : tokenizer.Encode(answer);
        using ScriptedChat chat = new(tokenizer, _ => ids);
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = maxTokens, StopSequences = stop is null ? null : [stop] };
        List<ChatMessage> messages = [User("What is it?")];
        for (int turn = 0; turn < 4; turn++)
        {
            long before = chat.Model.ComputedTokens;
            ChatResponse response = await chat.Client.GetResponseAsync(messages, options, TestContext.Current.CancellationToken);
            UsageDetails usage = response.Usage!;
            int own = tokenizer.Encode(messages[^1].Text.Insert(0, "User: ") + "\n\n").Length + tokenizer.Encode("Assistant:").Length;
            Assert.Equal(own, usage.InputTokenCount - usage.CachedInputTokenCount);

            // Besides its own tokens only the sampled ones but the last, and what brings the state to the answer's border.
            long most = own + usage.OutputTokenCount!.Value - 1 + tokenizer.Encode(answer + "\n\n").Length;
            Assert.InRange(chat.Model.ComputedTokens - before, own, most);
            Assert.Equal(chat.Client.Cache.Count, chat.Model.LiveStates);
            messages.AddRange([.. response.Messages, User($"And {turn}?")]);
        }
    }

    [Fact]
    public async Task Turn_GoingOn_GivesTheAnswersOfAFreshClient()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded);
        List<ChatMessage> messages = [new(ChatRole.System, "Be kind."), User("Hi")];
        for (int turn = 0; turn < 6; turn++)
        {
            ChatResponse response = await chat.AskAsync([.. messages]);
            using ScriptedChat fresh = Hashing(Vocabularies.Embedded, new RwkvXOptions { PrefixCacheBytes = 0 });
            Assert.Equal(0, (await fresh.AskAsync([.. messages])).Usage!.CachedInputTokenCount);
            Assert.Equal(0, fresh.Model.LiveStates);
            messages.AddRange([.. response.Messages, User($"And {turn}?")]);
        }
    }

    [Fact]
    public async Task Request_AskedAgain_ComputesOnlyTheAssistantPrefix()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded);
        string first = (await chat.AskAsync(User("Hi"))).Text;
        ChatResponse again = await chat.AskAsync(User("Hi"));
        Assert.Equal(first, again.Text);
        Assert.Equal(Vocabularies.Embedded.Encode("Assistant:").Length, again.Usage!.InputTokenCount - again.Usage.CachedInputTokenCount);
    }

    [Fact]
    public async Task Request_SharingADocument_ResumesAfterIt()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded, new RwkvXOptions { PrefillSpan = 16 });
        ChatMessage document = User(string.Join(' ', Enumerable.Repeat("The sky over the harbour was grey.", 40))).AsDocument();
        await chat.AskAsync(document, User("What colour?"));
        ChatResponse other = await chat.AskAsync(document, User("Which place?"));
        Assert.Equal(
            Vocabularies.Embedded.Encode("User: Which place?\n\n").Length + Vocabularies.Embedded.Encode("Assistant:").Length,
            other.Usage!.InputTokenCount - other.Usage.CachedInputTokenCount);
    }

    [Fact]
    public async Task Request_WithAnEditedQuestion_ResumesBeforeIt()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded);
        string answer = (await chat.AskAsync(User("Hi"))).Text;
        await chat.AskAsync(User("Hi"), Assistant(answer), User("And you?"));
        ChatResponse edited = await chat.AskAsync(User("Hi"), Assistant(answer), User("And they?"));
        Assert.Equal(
            Vocabularies.Embedded.Encode("User: And they?\n\n").Length + Vocabularies.Embedded.Encode("Assistant:").Length,
            edited.Usage!.InputTokenCount - edited.Usage.CachedInputTokenCount);
    }

    [Fact]
    public async Task Request_WithAnotherAnswer_DoesNotUseTheKeptOne()
    {
        List<string> prompts = [];
        using ScriptedChat chat = new(Vocabularies.Embedded, prompt =>
        {
            prompts.Add(prompt);
            return Vocabularies.Embedded.Encode(" Yes.\n\nmore\n\nUser:");
        });
        string answer = (await chat.AskAsync(User("Hi"))).Text;
        Assert.Equal("Yes.\n\nmore", answer);
        await chat.AskAsync(User("Hi"), Assistant("No."), User("Why?"));
        Assert.Equal("User: Hi\n\nAssistant: No.\n\nUser: Why?\n\nAssistant:", prompts[^1]);
        await chat.AskAsync(User("Hi"), Assistant(answer), User("Why?"));
        Assert.Equal("User: Hi\n\nAssistant: Yes.\n\nmore\n\nUser: Why?\n\nAssistant:", prompts[^1]); // as generated, blank line and all
    }

    [Fact]
    public async Task Request_CancelledAtEveryPass_LeavesTheCacheAsItWas()
    {
        RwkvXOptions small = new() { PrefillSpan = 3 };
        using ScriptedChat twin = Hashing(Vocabularies.Embedded, small);
        ChatMessage[] next = [User("Hi"), Assistant((await twin.AskAsync(User("Hi"))).Text), User("And what else is there to say?")];
        int before = twin.Model.Passes;
        ChatResponse expected = await twin.AskAsync(next);
        int passes = twin.Model.Passes - before;
        Assert.True(passes > 15, $"{passes} passes are too few to mean anything");

        using ScriptedChat chat = Hashing(Vocabularies.Embedded, small);
        await chat.AskAsync(User("Hi"));
        (int count, long bytes) = (chat.Client.Cache.Count, chat.Client.Cache.Bytes);
        for (int cancelled = 1; cancelled <= passes; cancelled++)
        {
            using CancellationTokenSource source = new();
            int at = chat.Model.Passes + cancelled;
            chat.Model.OnPass = pass =>
            {
                if (pass == at)
                {
                    source.Cancel();
                }
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => chat.Client.GetResponseAsync(next, Greedy, source.Token));
            Assert.Equal(at, chat.Model.Passes);
            Assert.Equal((count, bytes, count), (chat.Client.Cache.Count, chat.Client.Cache.Bytes, chat.Model.LiveStates));
        }

        chat.Model.OnPass = null;
        ChatResponse response = await chat.AskAsync(next);
        Assert.Equal(expected.Text, response.Text);
        Assert.Equal(expected.Usage!.CachedInputTokenCount, response.Usage!.CachedInputTokenCount);
    }

    [Fact]
    public async Task Request_CancelledBeforehand_RunsNothing()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded);
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => chat.Client.GetResponseAsync([User("Hi")], Greedy, source.Token));
        Assert.Equal((0, 0), (chat.Model.Passes, chat.Model.LiveStates));
    }

    [Fact]
    public async Task Stream_LeftEarly_StopsTheWork()
    {
        using ScriptedChat chat = new(Vocabularies.Embedded, _ => Vocabularies.Embedded.Encode(string.Concat(Enumerable.Repeat(" again", 500))));
        using ManualResetEventSlim mayGoOn = new(false);
        using SemaphoreSlim held = new(0);
        chat.Model.OnPass = pass =>
        {
            if (pass == 5)
            {
                held.Release();
                mayGoOn.Wait();
            }
        };
        await foreach (ChatResponseUpdate update in chat.Client.GetStreamingResponseAsync([User("Hi")], Greedy))
        {
            Assert.Equal("again", update.Text);
            await held.WaitAsync(TestContext.Current.CancellationToken); // else the work may be stopped before it comes so far
            mayGoOn.Set();
            break;
        }

        int passes = chat.Model.Passes;
        Assert.InRange(passes, 5, 400);
        Assert.Equal((0, 0), (chat.Client.Cache.Count, chat.Model.LiveStates));
        chat.Model.OnPass = null;
        Assert.Equal("again", (await chat.Client.GetResponseAsync([User("Hi")], new ChatOptions { Temperature = 0, MaxOutputTokens = 1 })).Text);
        Assert.Equal(passes + 3, chat.Model.Passes); // two of prefill, none of sampling; one to the answer's border
    }

    [Fact]
    public async Task Stream_ReadSlowly_DoesNotHoldOthersUp()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded);
        IAsyncEnumerator<ChatResponseUpdate> slow = chat.Client.GetStreamingResponseAsync([User("Slow")], Greedy).GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync());
        Assert.NotEmpty((await chat.AskAsync(User("Fast"))).Text);
        while (await slow.MoveNextAsync())
        {
        }

        await slow.DisposeAsync();
    }

    [Fact]
    public async Task Requests_OneWithALongPrompt_OthersComeInBetween()
    {
        using ScriptedChat chat = Hashing(Vocabularies.Embedded, new RwkvXOptions { PrefillSpan = 8 });
        using SemaphoreSlim begun = new(0);
        int passes = 0;
        chat.Model.OnPass = _ =>
        {
            if (Interlocked.Increment(ref passes) == 3)
            {
                begun.Release();
            }

            Thread.Sleep(2); // over 500 passes long: time for the short request to arrive, however busy the machine
        };
        Task<ChatResponse> longOne = chat.AskAsync(User(string.Join(' ', Enumerable.Repeat("word", 4000))));
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        await chat.AskAsync(User("Hi"));
        Assert.False(longOne.IsCompleted);
        chat.Model.OnPass = null;
        await longOne;
    }
}
