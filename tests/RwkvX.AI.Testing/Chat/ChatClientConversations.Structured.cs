using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

// Answers held to a form.
public abstract partial class ChatClientConversations
{
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

    private enum Speed
    {
        Slow,
        Fast,
    }

    private sealed record Customer(string Name, bool Vip);

    private sealed record Line(string Item, int Count);

    private sealed record Order(Customer Customer, List<Line> Lines, Speed Speed);
}
