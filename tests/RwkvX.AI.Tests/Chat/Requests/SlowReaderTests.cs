using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using RwkvX.AI.Chat;
using RwkvX.AI.Chat.Requests;
using RwkvX.AI.Testing;
using RwkvX.AI.Tests.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Chat.Requests;

public sealed class SlowReaderTests
{
    private static readonly RwkvXOptions OneAtATime = new() { MaxActiveRequests = 1, MaxUnreadUpdates = 4 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reader_FallsBehind_TheAnswerWaitsAndOthersRunInItsPlace()
    {
        using ScriptedChat chat = Saying(300, OneAtATime);
        await using IAsyncEnumerator<ChatResponseUpdate> slow = Ask(chat.Client);
        Assert.True(await slow.MoveNextAsync());
        await UntilSuspendedAsync(chat.Client);
        Assert.InRange(chat.Model.Passes, 5, 20); // not the 300 that the answer has
        ChatResponse other = await chat.Client.GetResponseAsync([ScriptedChat.User("Hi")], new ChatOptions { Temperature = 0, MaxOutputTokens = 3 }, Cancellation);
        Assert.Equal(3, other.Usage!.OutputTokenCount);
        string text = slow.Current.Text;
        while (await slow.MoveNextAsync())
        {
            text += slow.Current.Text;
        }

        Assert.Equal(string.Concat(Enumerable.Repeat(" again", 300)).TrimStart(), text);
    }

    [Fact]
    public async Task Reader_TakesNothingForTooLong_LosesItsRequest()
    {
        FakeTimeProvider time = new();
        using ScriptedModel model = ModelSaying(300);
        using RwkvXChatClient client = new(model, Vocabularies.Embedded, OneAtATime, timeProvider: time);
        await using IAsyncEnumerator<ChatResponseUpdate> slow = Ask(client);
        Assert.True(await slow.MoveNextAsync());
        while (client.Requests.Active + client.Requests.Suspended > 0) // it may have waited once before the first part was taken: that wait is over
        {
            time.Advance(OneAtATime.ReaderTimeout + TimeSpan.FromSeconds(1));
            await Task.Delay(1, Cancellation);
        }

        int read = 0;
        TimeoutException error = await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            while (await slow.MoveNextAsync())
            {
                read++;
            }
        });
        Assert.Contains("ReaderTimeout", error.Message, StringComparison.Ordinal);
        Assert.InRange(read, 4, 5); // what was passed on before is not lost
        Assert.Equal((0, 0, 0), (client.Requests.Active, client.Requests.Suspended, client.Cache.Count));
        Assert.Equal(0, model.LiveStates);
    }

    [Fact]
    public async Task Part_WhoseTimeIsUp_IsLostOnlyWithoutRoom()
    {
        FakeTimeProvider time = new();
        using RequestSlot slot = await new RequestQueue(1, 1, time).EnterAsync(0, Cancellation);
        Channel<AIContent> parts = Channel.CreateBounded<AIContent>(1);
        AnswerStream stream = new(slot, parts, TimeSpan.Zero, time);
        TextContent first = new("room"), second = new("none");
        await stream.WriteAsync(first, Cancellation);
        await Assert.ThrowsAsync<TimeoutException>(async () => await stream.WriteAsync(second, Cancellation));
        Assert.True(parts.Reader.TryRead(out AIContent? part));
        Assert.Same(first, part);
        Assert.False(parts.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Reader_LeavesWhileTheAnswerWaits_LeavesNothing()
    {
        using ScriptedChat chat = Saying(300, OneAtATime);
        IAsyncEnumerator<ChatResponseUpdate> slow = Ask(chat.Client);
        Assert.True(await slow.MoveNextAsync());
        await UntilSuspendedAsync(chat.Client);
        await slow.DisposeAsync();
        Assert.Equal((0, 0, 0), (chat.Client.Requests.Active, chat.Client.Requests.Suspended, chat.Model.LiveStates));
    }

    internal static async Task UntilSuspendedAsync(RwkvXChatClient client)
    {
        while (client.Requests.Suspended == 0)
        {
            await Task.Delay(1, Cancellation);
        }
    }

    private static IAsyncEnumerator<ChatResponseUpdate> Ask(RwkvXChatClient client) =>
        client.GetStreamingResponseAsync([ScriptedChat.User("Slow")], ScriptedChat.Greedy, Cancellation).GetAsyncEnumerator(Cancellation);

    private static ScriptedChat Saying(int words, RwkvXOptions options) => new(Vocabularies.Embedded, ModelSaying(words), options);

    private static ScriptedModel ModelSaying(int words)
    {
        int[] ids = Vocabularies.Embedded.Encode(string.Concat(Enumerable.Repeat(" again", words)));
        int[] prefix = Vocabularies.Embedded.Encode("Assistant:");
        return ScriptedModel.Choosing(Vocabularies.Embedded.VocabularySize, history =>
        {
            int generated = history.Length - history.AsSpan().LastIndexOf(prefix) - prefix.Length;
            return generated < ids.Length ? ids[generated] : 0;
        });
    }
}
