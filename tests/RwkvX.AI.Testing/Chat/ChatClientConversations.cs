using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

/// <summary>
/// What a chat client makes of what its model says, and of what the application says to it: derive a class per host, over a
/// <see cref="SpeakingModel"/>.
/// </summary>
public abstract class ChatClientConversations
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

    [Fact]
    public async Task History_OfTheConversation_IsWhatTheModelReads()
    {
        string? prompt = null;
        using IChatClient client = NewClient(text =>
        {
            prompt = text;
            return " Ada.\n\nUser:";
        });
        ChatOptions options = Options();
        options.Instructions = "First of all.";
        await client.GetResponseAsync([new(ChatRole.System, "Then this."), User("I am Ada."), new(ChatRole.Assistant, "Hello."), User("Who am I?")], options, Cancellation);
        AssertInOrder(prompt, "First of all.", "Then this.", "I am Ada.", "Hello.", "Who am I?");
    }

    [Fact]
    public async Task Document_AsData_IsWhatTheModelReads()
    {
        string? prompt = null;
        using IChatClient client = NewClient(text =>
        {
            prompt = text;
            return " Grey.\n\nUser:";
        });
        await client.GetResponseAsync(
            [new(ChatRole.User, [new DataContent("The harbour is grey."u8.ToArray(), "text/plain"), new TextContent("What colour?")])], Options(), Cancellation);
        AssertInOrder(prompt, "The harbour is grey.", "What colour?");
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
    public async Task Function_WithoutParameters_IsInvoked()
    {
        int secret = 42;
        AIFunction reveal = AIFunctionFactory.Create(() => secret, "reveal", "Reveals the secret number.");
        using IChatClient client = Loop(prompt => AfterResult(prompt, "42", Call("reveal", "{}"), " It is 42.\n\nUser:"));
        Assert.Equal("It is 42.", (await client.GetResponseAsync("What is it?", Options(reveal), Cancellation)).Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Function_WithParameters_GetsThem(bool streams)
    {
        (string City, int Days)? asked = null;
        AIFunction weather = AIFunctionFactory.Create(
            (string city, int days) =>
            {
                asked = (city, days);
                return "rain";
            },
            "weather");
        using IChatClient client = Loop(prompt => AfterResult(prompt, "rain", Call("weather", """{"city":"K\u00f6ln","days":3}"""), " Rain.\n\nUser:"));
        string text = streams
            ? string.Concat(await ReadAsync(client, [User("Weather?")], Options(weather)))
            : (await client.GetResponseAsync("Weather?", Options(weather), Cancellation)).Text;
        Assert.Equal("Rain.", text);
        Assert.Equal(("K\u00f6ln", 3), asked);
    }

    [Fact]
    public async Task Function_WithOptionalParameters_NeedNotGetThem()
    {
        string? asked = null;
        AIFunction greet = AIFunctionFactory.Create((string name, string greeting = "Hello", int? times = null) => asked = $"{greeting} {name} {times}", "greet");
        using IChatClient client = Loop(prompt => AfterResult(prompt, "Hello Ada", Call("greet", """{"name":"Ada"}"""), " Done.\n\nUser:"));
        await client.GetResponseAsync("Greet Ada.", Options(greet), Cancellation);
        Assert.Equal("Hello Ada ", asked);
    }

    [Fact]
    public async Task Function_WithNestedParameters_GetsThem()
    {
        Order? asked = null;
        AIFunction place = AIFunctionFactory.Create((Order order) => (asked = order).Lines.Count, "place");
        const string Arguments = """{"order":{"customer":{"name":"Ada","vip":true},"lines":[{"item":"tea","count":2},{"item":"rope","count":1}],"speed":"Fast"}}""";
        using IChatClient client = Loop(prompt => AfterResult(prompt, "2", Call("place", Arguments), " Placed.\n\nUser:"));
        await client.GetResponseAsync("Order tea and a rope.", Options(place), Cancellation);
        Assert.NotNull(asked);
        Assert.Equal((new Customer("Ada", true), Speed.Fast), (asked.Customer, asked.Speed));
        Assert.Equal([new Line("tea", 2), new Line("rope", 1)], asked.Lines);
    }

    [Fact]
    public async Task Function_WithAnArray_GetsItsElements()
    {
        int[]? asked = null;
        AIFunction sum = AIFunctionFactory.Create((int[] numbers) => (asked = numbers).Sum(), "sum");
        using IChatClient client = Loop(prompt => AfterResult(prompt, "sum: 6", Call("sum", """{"numbers":[1, 2, 3]}"""), " Six.\n\nUser:"));
        await client.GetResponseAsync("Add up.", Options(sum), Cancellation);
        Assert.Equal([1, 2, 3], asked!);
    }

    [Fact]
    public async Task Functions_CalledTogether_AreAllInvoked()
    {
        List<string> cities = [];
        AIFunction weather = AIFunctionFactory.Create(
            (string city) =>
            {
                lock (cities) cities.Add(city);
                return $"{city} is fine";
            },
            "weather");
        string both = Call("weather", """{"city":"Paris"}""") + "\n" + Call("weather", """{"city":"Rome"}""");
        using IChatClient client = Loop(prompt => AfterResult(prompt, "Rome is fine", both, " Both fine.\n\nUser:"), loop => loop.AllowConcurrentInvocation = true);
        ChatResponse response = await client.GetResponseAsync("Paris and Rome?", Options(weather), Cancellation);
        Assert.Equal("Both fine.", response.Messages[^1].Text);
        Assert.Equal(["Paris", "Rome"], cities.Order());
        FunctionCallContent[] calls = [.. Contents<FunctionCallContent>(response)];
        Assert.Equal(calls.Select(call => call.CallId), Contents<FunctionResultContent>(response).Select(result => result.CallId));
        Assert.Equal(2, calls.DistinctBy(call => call.CallId).Count());
    }

    [Fact]
    public async Task Functions_CalledOneAfterAnother_LeadToTheAnswer()
    {
        AIFunction find = AIFunctionFactory.Create((string name) => $"id-{name}", "find"), load = AIFunctionFactory.Create((string id) => $"record of {id}", "load");
        using IChatClient client = Loop(prompt =>
            prompt.Contains("record of id-Ada", StringComparison.Ordinal) ? " Found.\n\nUser:"
            : prompt.Contains("find: id-Ada", StringComparison.Ordinal) ? " " + Call("load", """{"id":"id-Ada"}""")
            : " " + Call("find", """{"name":"Ada"}"""));
        ChatResponse response = await client.GetResponseAsync("Ada?", Options(find, load), Cancellation);
        Assert.Equal("Found.", response.Messages[^1].Text);
        Assert.Equal(["find", "load"], Contents<FunctionCallContent>(response).Select(call => call.Name));
    }

    [Fact]
    public async Task Functions_RequireAny_AreCalledByAModelThatWouldTalk()
    {
        using IChatClient client = NewClient(_ => " I would rather talk.\n\nUser:");
        ChatOptions options = Options(AIFunctionFactory.Create(() => 1, "one"), AIFunctionFactory.Create(() => 2, "two"));
        options.ToolMode = ChatToolMode.RequireAny;
        ChatResponse response = await client.GetResponseAsync("Hi", options, Cancellation);
        Assert.All(Contents<FunctionCallContent>(response), call => Assert.Contains(call.Name, new[] { "one", "two" }));
        Assert.NotEmpty(Contents<FunctionCallContent>(response));
    }

    [Fact]
    public async Task Functions_RequireSpecific_IsCalledByAModelThatWouldCallAnother()
    {
        using IChatClient client = NewClient(_ => " " + Call("one", "{}"));
        ChatOptions options = Options(AIFunctionFactory.Create(() => 1, "one"), AIFunctionFactory.Create(() => 2, "two"));
        options.ToolMode = ChatToolMode.RequireSpecific("two");
        Assert.Equal("two", Assert.Single(Contents<FunctionCallContent>(await client.GetResponseAsync("Hi", options, Cancellation))).Name);
    }

    [Fact]
    public async Task Functions_None_AreNotCalledByAModelThatWould()
    {
        using IChatClient client = NewClient(_ => " " + Call("one", "{}"));
        ChatOptions options = Options(AIFunctionFactory.Create(() => 1, "one"));
        options.ToolMode = ChatToolMode.None;
        Assert.Empty(Contents<FunctionCallContent>(await client.GetResponseAsync("Hi", options, Cancellation)));
    }

    [Fact]
    public async Task Functions_Auto_AreTheModelsChoice()
    {
        ChatOptions options = Options(AIFunctionFactory.Create(() => 1, "one"));
        using IChatClient talks = NewClient(_ => " No need.\n\nUser:"), calls = NewClient(_ => " " + Call("one", "{}"));
        ChatResponse text = await talks.GetResponseAsync("Hi", options, Cancellation), call = await calls.GetResponseAsync("Hi", options, Cancellation);
        Assert.Equal(("No need.", ChatFinishReason.Stop), (text.Text, text.FinishReason));
        Assert.Equal((1, ChatFinishReason.ToolCalls), (Contents<FunctionCallContent>(call).Count(), call.FinishReason));
    }

    [Fact]
    public async Task Functions_OneAtATime_GiveOneCall()
    {
        string both = Call("one", "{}") + "\n" + Call("one", "{}");
        using IChatClient client = NewClient(_ => " " + both);
        ChatOptions options = Options(AIFunctionFactory.Create(() => 1, "one"));
        options.AllowMultipleToolCalls = false;
        Assert.Single(Contents<FunctionCallContent>(await client.GetResponseAsync("Hi", options, Cancellation)));
        options.AllowMultipleToolCalls = true;
        Assert.Equal(2, Contents<FunctionCallContent>(await client.GetResponseAsync("Hi", options, Cancellation)).Count());
    }

    [Fact]
    public async Task Functions_OfTheRequest_AreToldToTheModel()
    {
        string? prompt = null;
        using IChatClient client = NewClient(text =>
        {
            prompt = text;
            return " Yes.\n\nUser:";
        });
        AIFunction sail = AIFunctionFactory.Create(([Description("Where to.")] string port) => port, "sail", "Sails to a port.");
        await client.GetResponseAsync("Hi", Options(sail), Cancellation);
        AssertInOrder(prompt, "sail", "Sails to a port.", "port", "Where to.");
    }

    [Fact]
    public async Task Function_ThatThrows_LetsTheModelKnow()
    {
        string? prompt = null;
        AIFunction sink = AIFunctionFactory.Create(string () => throw new InvalidOperationException("leak"), "sink");
        using IChatClient client = Loop(text =>
        {
            prompt = text;
            return AfterResult(text, "Error", Call("sink", "{}"), " It failed.\n\nUser:");
        });
        ChatResponse response = await client.GetResponseAsync("Sink!", Options(sink), Cancellation);
        Assert.Equal("It failed.", response.Messages[^1].Text);
        Assert.Contains("sink: Error", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Function_ThatNeedsApproval_WaitsForIt()
    {
        int fired = 0;
        AIFunction fire = new ApprovalRequiredAIFunction(AIFunctionFactory.Create(() => ++fired, "fire"));
        using IChatClient client = Loop(prompt => AfterResult(prompt, "fire: 1", Call("fire", "{}"), " Fired.\n\nUser:"));
        List<ChatMessage> messages = [User("Fire!")];
        ChatResponse asked = await client.GetResponseAsync(messages, Options(fire), Cancellation);
        ToolApprovalRequestContent request = Assert.Single(Contents<ToolApprovalRequestContent>(asked));
        Assert.Equal(0, fired);
        messages.AddRange(asked.Messages);
        messages.Add(new ChatMessage(ChatRole.User, [request.CreateResponse(true)]));
        Assert.Equal("Fired.", (await client.GetResponseAsync(messages, Options(fire), Cancellation)).Messages[^1].Text);
        Assert.Equal(1, fired);
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
    public async Task Structured_Object_IsWhatTheModelSaid()
    {
        using IChatClient client = NewClient(_ => """ {"name": "Ada", "vip": true}""");
        Assert.Equal(new Customer("Ada", true), (await client.GetResponseAsync<Customer>("Who?", Options(), cancellationToken: Cancellation)).Result);
    }

    [Fact]
    public async Task Structured_ArrayOfObjects_IsWhatTheModelSaid()
    {
        using IChatClient client = NewClient(_ => """{"data":[{"item":"tea","count":2},{"item":"rope","count":1}]}""");
        Assert.Equal([new Line("tea", 2), new Line("rope", 1)], (await client.GetResponseAsync<Line[]>("What?", Options(), cancellationToken: Cancellation)).Result);
    }

    [Fact]
    public async Task Structured_Scalars_AreWhatTheModelSaid()
    {
        async Task<T> Ask<T>(string json)
        {
            using IChatClient client = NewClient(_ => $$"""{"data":{{json}}}""");
            return (await client.GetResponseAsync<T>("Which?", Options(), cancellationToken: Cancellation)).Result;
        }

        Assert.Equal(-17, await Ask<int>("-17"));
        Assert.Equal(2.5, await Ask<double>("2.5"));
        Assert.True(await Ask<bool>("true"));
        Assert.False(await Ask<bool>("false"));
        Assert.Equal(Speed.Slow, await Ask<Speed>("\"Slow\""));
        Assert.Equal("a \"quoted\"\nline \u00e9", await Ask<string>("\"a \\\"quoted\\\"\\nline \u00e9\""));
    }

    [Fact]
    public async Task Structured_AfterAFunction_IsWhatTheModelSaid()
    {
        AIFunction age = AIFunctionFactory.Create((string name) => 36, "age");
        using IChatClient client = Loop(prompt => AfterResult(prompt, "age: 36", Call("age", """{"name":"Ada"}"""), """{"item":"Ada","count":36}"""));
        Assert.Equal(new Line("Ada", 36), (await client.GetResponseAsync<Line>("How old?", Options(age), cancellationToken: Cancellation)).Result);
    }

    [Fact]
    public async Task Structured_OfAModelThatDoesNotObey_IsReadAllTheSame()
    {
        using IChatClient client = NewClient(_ => " I would rather tell a story about it, if you do not mind.");
        ChatOptions options = Options();
        options.MaxOutputTokens = 100;
        Assert.True((await client.GetResponseAsync<Order>("Order.", options, cancellationToken: Cancellation)).TryGetResult(out Order? order));
        Assert.NotNull(order.Customer);
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

    private static void AssertInOrder(string? text, params ReadOnlySpan<string> parts)
    {
        Assert.NotNull(text);
        int at = 0;
        foreach (string part in parts)
        {
            int found = text.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"expected '{part}' after character {at} of:\n{text}");
            at = found + part.Length;
        }
    }

    private static async Task<List<ChatResponseUpdate>> ReadAsync(IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, Cancellation)) updates.Add(update);
        return updates;
    }

    private static ChatOptions Options(params AITool[] tools) => new() { Temperature = 0, MaxOutputTokens = 400, Tools = tools };

    private static ChatMessage User(string text) => new(ChatRole.User, text);

    private enum Speed
    {
        Slow,
        Fast,
    }

    private sealed record Customer(string Name, bool Vip);

    private sealed record Line(string Item, int Count);

    private sealed record Order(Customer Customer, List<Line> Lines, Speed Speed);
}
