using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;
using RwkvX.AI.Chat;
using RwkvX.AI.Models;
using RwkvX.AI.Tests.Tokenization;
using RwkvX.AI.Tokenization;
using Xunit;
using static RwkvX.AI.Tests.Chat.ScriptedChat;

namespace RwkvX.AI.Tests.Chat;

public sealed class RwkvXChatClientTests
{
    private static WorldTokenizer Vocabulary => Vocabularies.Embedded;

    [Fact]
    public async Task Members_NullArguments_Throw()
    {
        using ScriptedChat chat = Saying(" Hello.\n\nUser:");
        await Assert.ThrowsAsync<ArgumentNullException>(() => chat.Client.GetResponseAsync((IEnumerable<ChatMessage>)null!));
        Assert.Throws<ArgumentNullException>(() => chat.Client.GetStreamingResponseAsync((IEnumerable<ChatMessage>)null!));
        Assert.Throws<ArgumentException>(() => chat.Client.GetStreamingResponseAsync([null!]));
        Assert.Throws<ArgumentNullException>(() => chat.Client.GetService(null!));
        Assert.Throws<ArgumentNullException>(() => new RwkvXChatClient(null!, Vocabulary));
        Assert.Throws<ArgumentNullException>(() => new RwkvXChatClient(chat.Model, null!));
    }

    [Fact]
    public void GetService_KnownTypes_GivesThemWithoutAKeyOnly()
    {
        using ScriptedChat chat = new(Vocabulary, _ => [], new RwkvXOptions { ModelId = "toy" });
        RwkvXChatClient client = chat.Client;
        Assert.Equal("toy", client.GetService<ChatClientMetadata>()!.DefaultModelId);
        Assert.Equal("rwkvx", client.GetService<ChatClientMetadata>()!.ProviderName);
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Same(client, client.GetService<RwkvXChatClient>());
        Assert.Same(chat.Model, client.GetService<IRwkvXModel>());
        Assert.Same(Vocabulary, client.GetService<Tokenizer>());
        Assert.Same(Vocabulary, client.GetService<WorldTokenizer>());
        Assert.Null(client.GetService<string>());
        Assert.Null(client.GetService(typeof(IRwkvXModel), "key"));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_Answer_HasTheFieldsOfTheContract()
    {
        using ScriptedChat chat = Saying(" Hello there, you.\n\nUser:");
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in chat.Client.GetStreamingResponseAsync([User("Hi")], Greedy))
        {
            updates.Add(update);
        }

        Assert.True(updates.Count > 3);
        Assert.All(updates, update => Assert.Equal(ChatRole.Assistant, update.Role));
        Assert.Single(updates.Select(update => update.ResponseId).Distinct(), id => !string.IsNullOrEmpty(id));
        Assert.Single(updates.Select(update => update.MessageId).Distinct(), id => !string.IsNullOrEmpty(id));
        Assert.All(updates, update => Assert.Equal("rwkvx", update.ModelId));
        Assert.All(updates, update => Assert.NotNull(update.CreatedAt));
        Assert.All(updates, update => Assert.Null(update.ConversationId));
        Assert.Equal("Hello there, you.", string.Concat(updates));
        Assert.All(updates.SkipLast(1), update => Assert.Null(update.FinishReason));
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
        UsageDetails usage = Assert.Single(updates.SelectMany(update => update.Contents).OfType<UsageContent>()).Details;
        Assert.Same(usage, ((UsageContent)updates[^1].Contents.Single()).Details);
        int input = Vocabulary.Encode("User: Hi\n\n").Length + Vocabulary.Encode("Assistant:").Length;
        int output = Vocabulary.Encode(" Hello there, you.\n\nUser:").Length;
        Assert.Equal((input, output, input + output, 0), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount, usage.CachedInputTokenCount));
    }

    [Fact]
    public async Task GetResponseAsync_Answer_IsTheStreamGathered()
    {
        using ScriptedChat chat = Saying(" Hello there.\n\nUser:");
        ChatResponse response = await chat.AskAsync(User("Hi"));
        ChatMessage message = Assert.Single(response.Messages);
        Assert.Equal((ChatRole.Assistant, "Hello there."), (message.Role, message.Text));
        Assert.Equal((ChatFinishReason.Stop, "rwkvx"), (response.FinishReason, response.ModelId));
        Assert.NotNull(response.ResponseId);
        Assert.NotNull(response.CreatedAt);
        Assert.Equal(response.Usage!.InputTokenCount + response.Usage.OutputTokenCount, response.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task GetResponseAsync_EndOfText_DropsTheBlankLineBeforeIt()
    {
        using ScriptedChat chat = Saying(" Hello.\n\n");
        ChatResponse response = await chat.AskAsync(User("Hi"));
        Assert.Equal(("Hello.", ChatFinishReason.Stop), (response.Text, response.FinishReason));
    }

    [Theory]
    [InlineData("one, two, three", "two", "one, ")]
    [InlineData("one, two, three", "wo, t", "one, t")]
    [InlineData("aaaab", "aab", "aa")]
    [InlineData("na\u00efve \U0001F600 smile", "\U0001F600", "na\u00efve ")]
    public async Task GetResponseAsync_StopSequenceOverManyTokens_DoesNotLeak(string answer, string stop, string expected)
    {
        foreach (bool byByte in new[] { false, true })
        {
            using ScriptedChat chat = new(Vocabulary, _ => Ids(" " + answer + "\n\nUser:", byByte));
            ChatOptions options = new() { Temperature = 0, StopSequences = [stop, "never"] };
            List<string> parts = [];
            await foreach (ChatResponseUpdate update in chat.Client.GetStreamingResponseAsync([User("Hi")], options))
            {
                parts.Add(update.Text);
            }

            Assert.Equal(expected, string.Concat(parts));
        }
    }

    [Fact]
    public async Task GetResponseAsync_MaxOutputTokens_EndsWithLength()
    {
        using ScriptedChat chat = Saying(" one two three four five\n\nUser:");
        ChatResponse response = await chat.Client.GetResponseAsync([User("Hi")], new ChatOptions { Temperature = 0, MaxOutputTokens = 2 });
        Assert.Equal((ChatFinishReason.Length, 2L), (response.FinishReason, response.Usage!.OutputTokenCount));
        Assert.Equal(Vocabulary.Decode(Ids(" one two three", false)[..2]).TrimStart(), response.Text);
    }

    [Fact]
    public async Task GetResponseAsync_Instructions_ComeFirstAsASystemMessage()
    {
        string? seen = null;
        using ScriptedChat chat = new(Vocabulary, prompt =>
        {
            seen = prompt;
            return [];
        });
        await chat.Client.GetResponseAsync([User("Hi")], new ChatOptions { Temperature = 0, Instructions = "Be brief." });
        Assert.Equal("System: Be brief.\n\nUser: Hi\n\nAssistant:", seen);
    }

    [Fact]
    public async Task GetResponseAsync_SameSeed_GivesTheSameAnswer()
    {
        static async Task<string> Run(long seed)
        {
            using ScriptedChat chat = new(Vocabulary, Testing.ScriptedModel.Hashing(Vocabulary.VocabularySize));
            return (await chat.Client.GetResponseAsync([User("Hi")], new ChatOptions { Temperature = 1, Seed = seed, MaxOutputTokens = 30 })).Text;
        }

        Assert.Equal(await Run(7), await Run(7));
        Assert.NotEqual(await Run(7), await Run(8));
    }

    [Fact]
    public void GetStreamingResponseAsync_WhatItCannotDo_IsATypedError()
    {
        using ScriptedChat chat = Saying(" Hello.");
        void Ask(ChatOptions options) => chat.Client.GetStreamingResponseAsync([User("Hi")], options);
        Assert.Equal("other", Assert.Throws<ModelNotLoadedException>(() => Ask(new ChatOptions { ModelId = "other" })).ModelId);
        Assert.Throws<NotSupportedException>(() => Ask(new ChatOptions { Tools = [new HostedWebSearchTool()] }));
        Assert.Throws<ArgumentException>(() => Ask(new ChatOptions { ToolMode = ChatToolMode.RequireAny }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ask(new ChatOptions { Temperature = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ask(new ChatOptions { MaxOutputTokens = 0 }));
        Assert.Throws<ArgumentException>(() => Ask(new ChatOptions { StopSequences = [""] }));
        Ask(new ChatOptions { ModelId = "rwkvx", ResponseFormat = ChatResponseFormat.Text, ToolMode = ChatToolMode.None, Tools = [AIFunctionFactory.Create(() => 1, "one")] });
    }

    [Fact]
    public async Task Dispose_OwnedModel_IsDisposedAndRequestsThrow()
    {
        ScriptedChat chat = Saying(" Hello.");
        await chat.AskAsync(User("Hi"));
        chat.Client.Dispose();
        chat.Client.Dispose();
        Assert.True(chat.Model.IsDisposed);
        Assert.Equal(0, chat.Model.LiveStates);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => chat.AskAsync(User("Hi")));
    }

    [Fact]
    public async Task Dispose_WhileARequestRuns_EndsItWithObjectDisposed()
    {
        ScriptedChat chat = Saying(" one two three four five six seven\n\nUser:");
        chat.Model.OnPass = pass =>
        {
            if (pass == 4)
            {
                chat.Client.Dispose();
            }
        };
        await Assert.ThrowsAsync<ObjectDisposedException>(() => chat.AskAsync(User("Hi")));
        Assert.Equal(0, chat.Model.LiveStates);
    }

    [Fact]
    public async Task GetResponseAsync_EngineFails_GivesItsErrorAndKeepsNothing()
    {
        using ScriptedChat chat = Saying(" one two three\n\nUser:");
        chat.Model.OnPass = pass =>
        {
            if (pass == 3)
            {
                throw new InvalidOperationException("broken card");
            }
        };
        Assert.Equal("broken card", (await Assert.ThrowsAsync<InvalidOperationException>(() => chat.AskAsync(User("Hi")))).Message);
        Assert.Equal((0, 0), (chat.Client.Cache.Count, chat.Model.LiveStates));
        Assert.Equal("one two three", (await chat.AskAsync(User("Hi"))).Text);
    }

    /// <summary>Ids of a text, by the longest piece or one a byte.</summary>
    internal static int[] Ids(string text, bool byByte) =>
        byByte ? [.. System.Text.Encoding.UTF8.GetBytes(text).Select(b => b + 1)] : Vocabulary.Encode(text);

    private static ScriptedChat Saying(string answer) => new(Vocabulary, _ => Vocabulary.Encode(answer));
}
