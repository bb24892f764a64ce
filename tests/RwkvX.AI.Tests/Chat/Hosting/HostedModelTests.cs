using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RwkvX.AI.Chat;
using RwkvX.AI.Chat.Hosting;
using RwkvX.AI.Tests.Chat.Requests;
using Xunit;

namespace RwkvX.AI.Tests.Chat.Hosting;

public sealed class HostedModelTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Configuration_Section_SetsOptionsAndCodeComesAfter()
    {
        HostApplicationBuilder builder = Builder(
            ("RwkvX:ModelId", "configured"), ("RwkvX:PrefillSpan", "77"), ("RwkvX:MaxStall", "00:00:00.020"), ("RwkvX:Precision", "int8"), ("RwkvX:StatePrecision", "f16"), ("RwkvX:Retention", "keep-budget:4096"),
            ("RwkvX:Endpoint:ApiKey", "another part's"), ("RwkvX:second:ModelId", "two"), ("Elsewhere:PrefillSpan", "9"));
        builder.Services.AddRwkvX(options => options.PrefillSpan++);
        builder.Services.AddKeyedRwkvX("second");
        builder.Services.AddKeyedRwkvX("third", builder.Configuration.GetSection("Elsewhere"));
        using IHost host = builder.Build();
        IOptionsMonitor<RwkvXOptions> monitor = host.Services.GetRequiredService<IOptionsMonitor<RwkvXOptions>>();
        RwkvXOptions options = monitor.CurrentValue;
        Assert.Equal(("configured", (int?)78, TimeSpan.FromMilliseconds(20)), (options.ModelId, options.PrefillSpan, options.MaxStall));
        Assert.Equal(RwkvX.AI.Models.Precision.Int8, options.Precision);
        Assert.Equal(RwkvX.AI.Models.Precision.F16, options.StatePrecision);
        Assert.Equal(RwkvX.AI.Memory.RetentionPolicy.KeepBudget(4096), options.Retention);
        Assert.Equal(RwkvX.AI.Memory.RetentionPolicy.KeepAll, monitor.Get("second").Retention);
        Assert.Equal("two", monitor.Get("second").ModelId);
        Assert.Null(monitor.Get("second").PrefillSpan);
        Assert.Equal(9, monitor.Get("third").PrefillSpan);
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData("PrefillSpan", "0", "RwkvX:PrefillSpan: expected 1 to 1048576, found 0")]
    [InlineData("MaxStall", "1.00:00:00", "RwkvX:MaxStall: expected 00:00:00.0010000 to 00:01:00, found 1.00:00:00")]
    [InlineData("Device", "quantum", "RwkvX:Device: expected ")]
    [InlineData("ModelPath", "no/such/model", "RwkvX:ModelPath: expected a model directory or file, found nothing at 'no/such/model'")]
    [InlineData("Threads", "two", "RwkvX:Threads")]
    [InlineData("Retention", "keep", "RwkvX:Retention: expected keep-all or keep-budget:BYTES, found 'keep'")]
    [InlineData("PrefilSpan", "8", "RwkvX:PrefilSpan: expected one of ")]
    public async Task Configuration_WrongValue_FailsTheStartAndNamesTheKey(string key, string value, string message)
    {
        HostApplicationBuilder builder = Builder(($"RwkvX:{key}", value));
        builder.Services.AddRwkvX();
        using IHost host = builder.Build();
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancellation));
        string failure = Assert.Single(error.Failures);
        Assert.Contains(message, failure, StringComparison.Ordinal);
        Assert.Contains(value, failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_WrongValueUnderAKey_IsNamedWithTheKey()
    {
        HostApplicationBuilder builder = Builder(("RwkvX:small:Threads", "-1"), ("Other:Threads", "-2"));
        builder.Services.AddKeyedRwkvX("small");
        builder.Services.AddRwkvX(builder.Configuration.GetSection("Other"));
        using IHost host = builder.Build();
        AggregateException error = await Assert.ThrowsAsync<AggregateException>(() => host.StartAsync(Cancellation));
        Assert.Contains("RwkvX:small:Threads: expected 0 to 1024, found -1", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Other:Threads: expected 0 to 1024, found -2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthChecks_OverTheLifeOfAHost_FollowTheModel()
    {
        HostApplicationBuilder builder = Builder();
        builder.Services.AddRwkvX();
        builder.Services.AddHealthChecks().AddRwkvX();
        using IHost host = builder.Build();
        Assert.Equal((HealthStatus.Unhealthy, HealthStatus.Healthy), await StatusAsync(host));
        Assert.Null(host.Services.GetRequiredKeyedService<ModelStatus>(Options.DefaultName).Loaded); // asking did not load it
        await host.StartAsync(Cancellation);
        Assert.Equal((HealthStatus.Healthy, HealthStatus.Healthy), await StatusAsync(host));
        Assert.NotEqual(0, Loaded(host).Scheduler.Passes); // it is warm
        await host.StopAsync(Cancellation);
        Assert.Equal((HealthStatus.Unhealthy, HealthStatus.Healthy), await StatusAsync(host));
    }

    [Fact]
    public async Task HealthChecks_ModelLeftToTheFirstRequest_IsDegradedUntilThen()
    {
        HostApplicationBuilder builder = Builder(("RwkvX:LoadAtStart", "false"));
        builder.Services.AddRwkvX();
        builder.Services.AddHealthChecks().AddRwkvX();
        using IHost host = builder.Build();
        await host.StartAsync(Cancellation);
        Assert.Equal((HealthStatus.Degraded, HealthStatus.Healthy), await StatusAsync(host));
        await host.Services.GetRequiredService<IChatClient>().GetResponseAsync("Hi", new ChatOptions { MaxOutputTokens = 1 }, Cancellation);
        Assert.Equal((HealthStatus.Healthy, HealthStatus.Healthy), await StatusAsync(host));
    }

    [Fact]
    public async Task HealthChecks_QueueFull_IsDegraded()
    {
        HostApplicationBuilder builder = Builder();
        builder.Services.AddRwkvX(options => (options.MaxActiveRequests, options.MaxQueuedRequests) = (1, 0));
        builder.Services.AddHealthChecks().AddRwkvX();
        using IHost host = builder.Build();
        await host.StartAsync(Cancellation);
        using (await Loaded(host).Requests.EnterAsync(0, Cancellation))
        {
            Assert.Equal(HealthStatus.Degraded, (await StatusAsync(host)).Ready);
            IChatClient client = host.Services.GetRequiredService<IChatClient>();
            await Assert.ThrowsAsync<RwkvXOverloadedException>(() => client.GetResponseAsync("Hi", null, Cancellation));
        }

        Assert.Equal(HealthStatus.Healthy, (await StatusAsync(host)).Ready);
    }

    [Fact]
    public async Task HealthChecks_WithoutTheModel_SayWhatIsMissing()
    {
        HostApplicationBuilder builder = Builder();
        builder.Services.AddHealthChecks().AddRwkvX("small");
        using IHost host = builder.Build();
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => StatusAsync(host));
        Assert.Contains("'small'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_WhileARequestRuns_LetsItEndAndRefusesNewOnes()
    {
        using IHost host = await StartSlowHostAsync();
        IChatClient client = host.Services.GetRequiredService<IChatClient>();
        await using IAsyncEnumerator<ChatResponseUpdate> running = await AskAsync(client);
        Task stopping = host.StopAsync(Cancellation);
        Assert.False((await Assert.ThrowsAsync<RwkvXStoppingException>(() => client.GetResponseAsync("Hi", null, Cancellation))).WasRunning);
        Assert.False(stopping.IsCompleted);
        ChatFinishReason? reason = null;
        while (await running.MoveNextAsync())
        {
            reason = running.Current.FinishReason;
        }

        Assert.NotNull(reason);
        await stopping;
    }

    [Fact]
    public async Task Stop_TimeIsOver_CutsRequestsOff()
    {
        using IHost host = await StartSlowHostAsync();
        await using IAsyncEnumerator<ChatResponseUpdate> running = await AskAsync(host.Services.GetRequiredService<IChatClient>());
        await host.StopAsync(new CancellationToken(canceled: true));
        RwkvXStoppingException error = await Assert.ThrowsAsync<RwkvXStoppingException>(async () =>
        {
            while (await running.MoveNextAsync())
            {
            }
        });
        Assert.True(error.WasRunning);
        Assert.Equal((0, 0), (Loaded(host).Requests.Active, Loaded(host).Requests.Queued));
    }

    /// <summary>A host in which an answer waits for its reader almost at once.</summary>
    private static async Task<IHost> StartSlowHostAsync()
    {
        HostApplicationBuilder builder = Builder(("RwkvX:MaxUnreadUpdates", "1"));
        builder.Services.AddRwkvX();
        IHost host = builder.Build();
        await host.StartAsync(Cancellation);
        return host;
    }

    /// <summary>A request whose answer waits for its reader.</summary>
    private static async Task<IAsyncEnumerator<ChatResponseUpdate>> AskAsync(IChatClient client)
    {
        ChatMessage[] messages = [new(ChatRole.User, "Hello, who are you, and what can you do?")];
        IAsyncEnumerator<ChatResponseUpdate> running =
            client.GetStreamingResponseAsync(messages, new ChatOptions { Temperature = 0 }, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await running.MoveNextAsync());
        await SlowReaderTests.UntilSuspendedAsync(client.GetService<RwkvXChatClient>()!);
        return running;
    }

    private static HostApplicationBuilder Builder(params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, string? (setting) => setting.Value));
        return builder;
    }

    private static LoadedModel Loaded(IHost host) => host.Services.GetRequiredKeyedService<LoadedModel>(Options.DefaultName);

    private static async Task<(HealthStatus Ready, HealthStatus Live)> StatusAsync(IHost host)
    {
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
        return (report.Entries["rwkvx-ready"].Status, report.Entries["rwkvx-live"].Status);
    }
}
