using System.ComponentModel;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

// Functions that the model calls, or would rather not.
public abstract partial class ChatClientConversations
{
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
}
