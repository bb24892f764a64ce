using System.Text.Json;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

// Answers held to a form.
public abstract partial class ChatClientContract
{
    [Fact]
    public async Task Format_Json_IsAnObject()
    {
        using IChatClient client = NewClient();
        ChatOptions options = new() { Temperature = 1, Seed = 5, MaxOutputTokens = 60, ResponseFormat = ChatResponseFormat.Json };
        ChatResponse response = await client.GetResponseAsync("Who are you?", options, Cancellation);
        Assert.Equal(JsonValueKind.Object, Parse(response.Text).ValueKind);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
    }

    [Fact]
    public async Task Format_Schema_IsObeyedInAStreamToo()
    {
        JsonElement schema = Parse("""{"type":"object","properties":{"kind":{"enum":["ship","whale"]},"length":{"type":"integer","minimum":1,"maximum":99}},"required":["kind","length"]}""");
        using IChatClient client = NewClient();
        for (int seed = 0; seed < 4; seed++)
        {
            ChatOptions options = new() { Temperature = 2, Seed = seed, MaxOutputTokens = 60, ResponseFormat = ChatResponseFormat.ForJsonSchema(schema) };
            JsonElement json = Parse(string.Concat(await ReadAsync(client, [User("What is there?")], options)));
            Assert.Contains(json.GetProperty("kind").GetString(), new[] { "ship", "whale" });
            Assert.InRange(json.GetProperty("length").GetInt32(), 1, 99);
        }
    }

    [Fact]
    public async Task Structured_Object_IsRead()
    {
        using IChatClient client = NewClient();
        ChatResponse<Voyage> response = await client.GetResponseAsync<Voyage>("Describe a voyage.", Structured(), cancellationToken: Cancellation);
        Assert.NotNull(response.Result.Ship);
        Assert.NotNull(response.Result.Ports);
    }

    // Integers without bounds fit a long (docs/grammars.md), and an int only if the model says so.
    [Fact]
    public Task Structured_Array_IsRead() => ReadsAsync<long[]>();

    [Fact]
    public Task Structured_Integer_IsRead() => ReadsAsync<long>();

    [Fact]
    public Task Structured_Text_IsRead() => ReadsAsync<string>();

    [Fact]
    public Task Structured_Boolean_IsRead() => ReadsAsync<bool>();

    [Fact]
    public Task Structured_Enum_IsRead() => ReadsAsync<Sea>();

    private async Task ReadsAsync<T>()
    {
        using IChatClient client = NewClient();
        ChatResponse<T> response = await client.GetResponseAsync<T>("Which one?", Structured(), cancellationToken: Cancellation);
        Assert.True(response.TryGetResult(out T? result), response.Text);
        Assert.NotNull(result);
    }

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static ChatOptions Structured() => new() { Temperature = 1, Seed = 9, MaxOutputTokens = 100 };

    private enum Sea
    {
        North,
        Baltic,
        Aegean,
    }

    private sealed record Voyage(string Ship, int? Days, string[] Ports, Sea Sea);
}
