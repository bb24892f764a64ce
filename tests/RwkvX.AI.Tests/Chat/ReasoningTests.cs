using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Grammars;
using RwkvX.AI.Prompts;
using RwkvX.AI.Tests.Tokenization;
using Xunit;
using static RwkvX.AI.Tests.Chat.ScriptedChat;

namespace RwkvX.AI.Tests.Chat;

/// <summary>Thinking before the answer: told apart from it, asked for, left out, and kept in the state.</summary>
public sealed class ReasoningTests
{
    [Theory]
    [InlineData(null, " <think>\nHm. User: said\n\nso.\n</think>\n\nFour.\n\nUser:")]
    [InlineData(ReasoningEffort.Low, " <think>\nHm. User: said\n\nso.\n</think>\n\nFour.\n\nUser:")]
    public async Task Thinking_AtTheStart_IsReasoningContent(ReasoningEffort? effort, string answer)
    {
        using ScriptedChat chat = Speaking(_ => answer);
        ChatOptions options = new() { Temperature = 0, Reasoning = effort is null ? null : new ReasoningOptions { Effort = effort } };
        ChatResponse response = await chat.Client.GetResponseAsync([User("2 + 2?")], options);
        Assert.Equal("Four.", response.Text);
        Assert.Equal("Hm. User: said\n\nso.\n", string.Concat(response.Messages[0].Contents.OfType<TextReasoningContent>().Select(content => content.Text)));

        ChatResponse next = await chat.Client.GetResponseAsync([User("2 + 2?"), .. response.Messages, User("And?")], options);
        int own = Vocabularies.Embedded.Encode("User: And?\n\n").Length + Vocabularies.Embedded.Encode("Assistant:").Length + (effort is null ? 0 : Vocabularies.Embedded.Encode(" <think").Length);
        Assert.Equal(own, next.Usage!.InputTokenCount - next.Usage.CachedInputTokenCount);
    }

    [Fact]
    public async Task Effort_Given_BeginsTheAnswerWithThinking()
    {
        string? written = null;
        using ScriptedChat chat = new(Vocabularies.Embedded, Testing.ScriptedModel.Choosing(Vocabularies.Embedded.VocabularySize, history =>
        {
            written ??= Vocabularies.Embedded.Decode(history);
            return 0;
        }));
        await chat.Client.GetResponseAsync([User("Hi")], new ChatOptions { Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High } });
        Assert.Equal("User: Hi\n\nAssistant: <think", written);
    }

    [Theory]
    [InlineData(true, "User: Hi\n\nAssistant: <think>\n</think>")]
    [InlineData(false, "User: Hi\n\nAssistant:")]
    public async Task EffortNone_ReasoningModel_IsBegunWithEmptyThinking(bool isReasoningModel, string expected)
    {
        string? written = null;
        RwkvXOptions model = new() { Template = new WorldPromptTemplate(new WorldPromptOptions { IsReasoningModel = isReasoningModel }) };
        using ScriptedChat chat = new(Vocabularies.Embedded, Testing.ScriptedModel.Choosing(Vocabularies.Embedded.VocabularySize, history =>
        {
            written ??= Vocabularies.Embedded.Decode(history);
            return 0;
        }), model);
        ChatResponse response = await chat.Client.GetResponseAsync([User("Hi")], new ChatOptions { Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None } });
        Assert.Equal(expected, written);
        Assert.Empty(response.Messages.SelectMany(message => message.Contents).OfType<TextReasoningContent>());
    }

    [Fact]
    public async Task OutputNone_HidesTheThinking()
    {
        using ScriptedChat chat = Speaking(_ => " <think>Hm.</think> Four.");
        ChatOptions options = new() { Temperature = 0, Reasoning = new ReasoningOptions { Output = ReasoningOutput.None } };
        ChatResponse response = await chat.Client.GetResponseAsync([User("2 + 2?")], options);
        Assert.Equal("Four.", Assert.IsType<TextContent>(Assert.Single(response.Messages[0].Contents)).Text);
    }

    [Fact]
    public async Task Tags_InTheMiddleOfText_AreText()
    {
        using ScriptedChat chat = Speaking(_ => " Write <think>x</think> first.");
        ChatResponse response = await chat.AskAsync(User("How?"));
        Assert.Equal("Write <think>x</think> first.", response.Text);
    }

    [Fact]
    public async Task Thinking_BeforeJson_EndsInTimeForIt()
    {
        JsonElement schema = JsonDocument.Parse("""{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}""").RootElement;
        ChatOptions options = new()
        {
            Temperature = 0,
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Medium },
            ResponseFormat = ChatResponseFormat.ForJsonSchema(schema),
            MaxOutputTokens = 1,
        };
        using ScriptedChat chat = Speaking(_ => " <think> on and on\n\nUser: and on, " + string.Concat(Enumerable.Repeat("and on ", 200)));
        int least = (await Assert.ThrowsAsync<GrammarLimitException>(() => chat.Client.GetResponseAsync([User("Hi")], options))).RequiredTokens;
        for (int limit = least; limit < least + 20; limit++)
        {
            options.MaxOutputTokens = limit;
            ChatResponse response = await chat.Client.GetResponseAsync([User("Hi")], options);
            Assert.Equal(JsonValueKind.Number, JsonDocument.Parse(response.Text).RootElement.GetProperty("n").ValueKind);
            Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        }
    }

    [Fact]
    public async Task Call_AfterThinking_IsACall()
    {
        AIFunction clock = AIFunctionFactory.Create(() => "noon", "clock");
        using ScriptedChat chat = Speaking(_ => """ <think>The clock.</think>""" + "\n\n" + """<tool_call>{"name":"clock","arguments":{}}</tool_call>""");
        ChatResponse response = await chat.Client.GetResponseAsync([User("Time?")], new ChatOptions { Temperature = 0, Tools = [clock] });
        Assert.Equal(
            [typeof(TextReasoningContent), typeof(FunctionCallContent)], response.Messages[0].Contents.Select(content => content.GetType()));
    }
}
