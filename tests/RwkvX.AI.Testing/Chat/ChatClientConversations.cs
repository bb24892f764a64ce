using System.Diagnostics;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

/// <summary>
/// What a chat client makes of what its model says, and of what the application says to it: derive a class per host, over a
/// <see cref="SpeakingModel"/>.
/// </summary>
public abstract partial class ChatClientConversations
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A client whose model goes on with a text after each prompt.</summary>
    /// <param name="answer">From a prompt, up to the last label, to the text; a leading space belongs to it.</param>
    protected abstract IChatClient NewClient(Func<string, string> answer);

    [Fact]
    public async Task Answer_OfTheModel_ComesVerbatim()
    {
        using IChatClient client = NewClient(_ => " Whales are mammals; so am I not.\n\nUser:");
        ChatResponse response = await client.GetResponseAsync("What are whales?", Options(), Cancellation);
        Assert.Equal(("Whales are mammals; so am I not.", ChatFinishReason.Stop), (response.Text, response.FinishReason));
    }

    [Theory]
    [InlineData("Plain words, in a row.")]
    [InlineData("Gr\u00fc\u00dfe aus K\u00f6ln \u2014 \u4f60\u597d \U0001F433\U0001F1E9\U0001F1EA!")]
    [InlineData("One line\nand another\n\nand a third, with <angles> & \"quotes\".")]
    public async Task Stream_OfTheModel_ComesInPiecesOfWholeCharacters(string text)
    {
        using IChatClient client = NewClient(_ => $" {text}\n\nUser:");
        List<ChatResponseUpdate> updates = await ReadAsync(client, [User("Hi")], Options());
        Assert.Equal(text, string.Concat(updates));
        Assert.True(updates.Count(update => update.Text.Length > 0) > 2);
        Assert.All(updates, update => Assert.DoesNotContain('\ufffd', update.Text));
    }

    [Theory]
    [InlineData("one two three four", "three", "one two ")]
    [InlineData("one two three four", "o thr", "one tw")]
    [InlineData("never at all", "x", "never at all")]
    public async Task Stop_Sequence_CutsTheAnswerAndNothingElse(string text, string stop, string expected)
    {
        using IChatClient client = NewClient(_ => $" {text}\n\nUser:");
        ChatOptions options = Options();
        options.StopSequences = [stop];
        Assert.Equal(expected, string.Concat(await ReadAsync(client, [User("Count.")], options)));
    }

    [Fact]
    public async Task Caching_BelowTheLoop_CallsTheFunctionAgainAndTheModelNot()
    {
        int asked = 0, invoked = 0;
        AIFunction reveal = AIFunctionFactory.Create(
            () =>
            {
                invoked++;
                return 42;
            },
            "reveal");
        MemoryCache cache = new();
        using IChatClient client = NewClient(prompt =>
            {
                asked++;
                return AfterResult(prompt, "42", Call("reveal", "{}"), " It is 42.\n\nUser:");
            })
            .AsBuilder().UseFunctionInvocation().UseDistributedCache(cache).Build();
        ChatResponse first = await client.GetResponseAsync("What is it?", Options(reveal), Cancellation);
        int before = asked;
        ChatResponse again = await client.GetResponseAsync("What is it?", Options(reveal), Cancellation);
        Assert.Equal((first.Text, 2, before), (again.Text, invoked, asked));
    }

    [Fact]
    public async Task Caching_BelowTheLoopWithAnotherResult_AsksTheModelAgain()
    {
        int secret = 42;
        AIFunction reveal = AIFunctionFactory.Create(() => secret, "reveal");
        using IChatClient client = NewClient(prompt => prompt.Contains("reveal: 43", StringComparison.Ordinal)
                ? " It is 43.\n\nUser:"
                : AfterResult(prompt, "reveal: 42", Call("reveal", "{}"), " It is 42.\n\nUser:"))
            .AsBuilder().UseFunctionInvocation().UseDistributedCache(new MemoryCache()).Build();
        Assert.Equal("It is 42.", (await client.GetResponseAsync("What is it?", Options(reveal), Cancellation)).Text);
        secret = 43;
        Assert.Equal("It is 43.", (await client.GetResponseAsync("What is it?", Options(reveal), Cancellation)).Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Logging_OfTheLoop_SeesTheInvocation(bool streams)
    {
        LogCollector log = new();
        AIFunction reveal = AIFunctionFactory.Create(() => 42, "reveal");
        using IChatClient client = NewClient(prompt => AfterResult(prompt, "42", Call("reveal", "{}"), " It is 42.\n\nUser:"))
            .AsBuilder().UseFunctionInvocation(log).UseLogging(log).Build();
        if (streams) await ReadAsync(client, [User("What is it?")], Options(reveal));
        else await client.GetResponseAsync("What is it?", Options(reveal), Cancellation);
        Assert.Contains(log.Lines, line => line.Contains("reveal", StringComparison.Ordinal) && line.Contains("Invoking", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(2, log.Lines.Count(line => line.Contains("ResponseAsync invoked", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Telemetry_OfTheLoop_HasTheInvocation()
    {
        string source = Guid.NewGuid().ToString("N");
        using ActivityCollector activities = new(source);
        AIFunction reveal = AIFunctionFactory.Create(() => 42, "reveal");
        using IChatClient client = NewClient(prompt => AfterResult(prompt, "42", Call("reveal", "{}"), " It is 42.\n\nUser:"))
            .AsBuilder().UseFunctionInvocation().UseOpenTelemetry(sourceName: source).Build();
        await client.GetResponseAsync("What is it?", Options(reveal), Cancellation);
        Assert.Equal(2, activities.Ended.Count(activity => "chat".Equals(activity.GetTagItem("gen_ai.operation.name"))));
        Activity tool = Assert.Single(activities.Ended, activity => "execute_tool".Equals(activity.GetTagItem("gen_ai.operation.name")));
        Assert.Equal("reveal", tool.GetTagItem("gen_ai.tool.name"));
    }

    [Fact]
    public async Task Reduced_History_WithoutTheCallOfAResult_IsAnswered()
    {
        AIFunction reveal = AIFunctionFactory.Create(() => 42, "reveal");
        using IChatClient client = Loop(prompt => AfterResult(prompt, "42", Call("reveal", "{}"), " It is 42.\n\nUser:"));
        ChatMessage orphan = new(ChatRole.Tool, [new FunctionResultContent("gone", 42)]);
        Assert.Equal("It is 42.", (await client.GetResponseAsync([orphan, User("So?")], Options(reveal), Cancellation)).Text);
    }

    /// <summary>A call as the default marks have it.</summary>
    protected static string Call(string name, string arguments) => $$"""<tool_call>{"name":"{{name}}","arguments":{{arguments}}}</tool_call>""";

    /// <summary>Calls first, and answers when the prompt has the result.</summary>
    protected static string AfterResult(string prompt, string result, string call, string answer)
    {
        int tool = prompt.LastIndexOf("Tool:", StringComparison.Ordinal);
        return tool >= 0 && prompt.IndexOf(result, tool, StringComparison.Ordinal) >= 0 ? answer : " " + call;
    }

    private IChatClient Loop(Func<string, string> answer, Action<FunctionInvokingChatClient>? configure = null) =>
        NewClient(answer).AsBuilder().UseFunctionInvocation(configure: configure).Build();

    private static IEnumerable<T> Contents<T>(ChatResponse response)
        where T : AIContent => response.Messages.SelectMany(message => message.Contents).OfType<T>();

    private static async Task<List<ChatResponseUpdate>> ReadAsync(IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, Cancellation)) updates.Add(update);
        return updates;
    }

    private static ChatOptions Options(params AITool[] tools) => new() { Temperature = 0, MaxOutputTokens = 400, Tools = tools };

    private static ChatMessage User(string text) => new(ChatRole.User, text);
}
