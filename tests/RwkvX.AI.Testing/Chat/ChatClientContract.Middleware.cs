using System.Diagnostics;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

// Microsoft.Extensions.AI's middleware around the client.
public abstract partial class ChatClientContract
{
    [Fact]
    public async Task Caching_AroundTheClient_AnswersTheSameRequestOnce()
    {
        MemoryCache cache = new();
        using IChatClient client = NewClient().AsBuilder().UseDistributedCache(cache).Build();
        ChatResponse first = await client.GetResponseAsync("Hello.", Few(), Cancellation);
        ChatResponse again = await client.GetResponseAsync("Hello.", Few(), Cancellation);
        Assert.Equal((first.ResponseId, first.Text, 1), (again.ResponseId, again.Text, cache.Hits));
        Assert.NotEqual(first.ResponseId, (await client.GetResponseAsync("Hello!", Few(), Cancellation)).ResponseId);
    }

    [Fact]
    public async Task Caching_OfStreams_ReplaysThem()
    {
        using IChatClient client = NewClient().AsBuilder().UseDistributedCache(new MemoryCache()).Build();
        List<ChatResponseUpdate> first = await ReadAsync(client, [User("Hello.")], Few()), again = await ReadAsync(client, [User("Hello.")], Few());
        Assert.Equal(string.Concat(first), string.Concat(again));
        Assert.Equal(first[0].ResponseId, again[0].ResponseId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Logging_AroundTheClient_SeesTheCall(bool streams)
    {
        LogCollector log = new();
        using IChatClient client = NewClient().AsBuilder().UseLogging(log).Build();
        if (streams) await ReadAsync(client, [User("Hello.")], Few());
        else await client.GetResponseAsync("Hello.", Few(), Cancellation);
        string method = streams ? "GetStreamingResponseAsync" : "GetResponseAsync";
        Assert.Contains(log.Lines, line => line.Contains(method + " invoked", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains(method + " completed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Telemetry_AroundTheClient_HasModelReasonAndUsage(bool streams)
    {
        string source = Guid.NewGuid().ToString("N");
        using ActivityCollector activities = new(source);
        using IChatClient client = NewClient().AsBuilder().UseOpenTelemetry(sourceName: source).Build();
        if (streams) await ReadAsync(client, [User("Hello.")], Few());
        else await client.GetResponseAsync("Hello.", Few(), Cancellation);
        Activity activity = Assert.Single(activities.Ended);
        Assert.Equal("chat", activity.GetTagItem("gen_ai.operation.name"));
        Assert.Equal(client.GetRequiredService<ChatClientMetadata>().ProviderName, activity.GetTagItem("gen_ai.provider.name"));
        Assert.NotNull(activity.GetTagItem("gen_ai.response.model"));
        Assert.NotNull(activity.GetTagItem("gen_ai.response.finish_reasons"));
        Assert.True(Convert.ToInt64(activity.GetTagItem("gen_ai.usage.input_tokens"), null) > 0);
        Assert.True(Convert.ToInt64(activity.GetTagItem("gen_ai.usage.output_tokens"), null) > 0);
    }
}
