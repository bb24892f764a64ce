using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>Clients that leave, servers that end, answers that fail or take too long.</summary>
public sealed class LifeTimeTests
{
    private const string Body = """{"messages":[{"role":"user","content":"Hi"}]}""";
    private const string StreamBody = """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_ClientLeaves_CancelsTheTurn(bool isStream)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously), asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Client.Script = (_, _, token) => Forever(asked, cancelled, token);
        using CancellationTokenSource leave = new();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(isStream ? StreamBody : Body, Encoding.UTF8, "application/json") };

        Task<HttpResponseMessage> sent = host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        if (isStream) (await sent).Dispose();
        else await leave.CancelAsync();

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        if (!isStream) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
    }

    [Fact]
    public async Task Post_TimedOut_Gives504OrAnErrorInTheStream()
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.RequestTimeout = TimeSpan.FromMilliseconds(300));
        host.Client.Script = (_, _, token) => Forever(new(), new(), token);

        (HttpStatusCode status, JsonElement body) = await host.PostAsync(Body);
        string[] lines = await host.StreamAsync(StreamBody);

        Assert.Equal((HttpStatusCode.GatewayTimeout, "timeout"), (status, EndpointHost.Error(body).Code));
        Assert.Equal("timeout", EndpointHost.Error(JsonElement.Parse(lines[^1]["data: ".Length..])).Code);
        Assert.Contains("\"once\"", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_FailsLater_EndsWithAnErrorAndNoDone()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Script = (_, _, _) => ThenFail(new InvalidOperationException("a secret path"));

        string[] lines = await host.StreamAsync(StreamBody);

        (string message, string type, _, _) = EndpointHost.Error(JsonElement.Parse(lines[^1]["data: ".Length..]));
        Assert.Equal("server_error", type);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
        Assert.DoesNotContain("data: [DONE]", lines);
    }

    [Fact]
    public async Task Post_Fails_GivesTheStatusOfTheError()
    {
        (Exception Error, int Status, string? Code)[] cases =
        [
            (new InvalidOperationException("a secret path"), 500, null),
            (new ArgumentNullException("secret"), 500, null),
            (new ArgumentException("Temperature: expected 0 or more, found -1", "options"), 400, "invalid_value"),
            (new NotSupportedException("ContinuationToken: expected null"), 400, "invalid_value"),
            (new ModelNotLoadedException("a", "b"), 404, "model_not_found"),
            (new Sessions.Stores.ConversationNotFoundException(new("default", "c-1")), 404, "conversation_not_found"),
            (new Sessions.Stores.ConversationLockedException(new("t", "c-1")), 409, "conversation_locked"),
            (new Sessions.Stores.StateCorruptException(new Sessions.Stores.StoreProblem("a secret page", "checksum", "1", "2")), 500, null),
            (new Grammars.GrammarException("the keyword 'not' is not supported", "#/not", "not"), 400, "unsupported_schema"),
            (new Grammars.GrammarLimitException(requiredTokens: 9, tokenLimit: 4), 400, "invalid_value"),
            (new ObjectDisposedException("client"), 503, "service_unavailable"),
            (new RwkvXStoppingException(wasRunning: false), 503, "service_unavailable"),
            (new RwkvXOverloadedException(queueLength: 9, TimeSpan.FromSeconds(7)), 429, "rate_limit_exceeded"),
            (new OperationCanceledException(), 503, "service_unavailable"),
        ];
        await using EndpointHost host = await EndpointHost.StartAsync();
        foreach ((Exception error, int status, string? code) in cases)
        {
            host.Client.Fail(error);
            foreach (string body in (string[])[Body, StreamBody]) // nothing was sent yet: a stream has a status, too
            {
                (HttpStatusCode found, JsonElement answer) = await host.PostAsync(body);
                (string message, _, _, string? foundCode) = EndpointHost.Error(answer);
                Assert.Equal((status, code), ((int)found, foundCode));
                Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
                Assert.DoesNotContain("Parameter", message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Post_Overloaded_SaysWhenToTryAgain()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Fail(new RwkvXOverloadedException(queueLength: 9, TimeSpan.FromSeconds(7)));

        using HttpResponseMessage response = await host.Http.PostAsync("/v1/chat/completions", new StringContent(Body, Encoding.UTF8, "application/json"), Cancel);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task Stream_Silent_IsKeptAliveByComments()
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.KeepAliveInterval = TimeSpan.FromMilliseconds(50));
        host.Client.Script = (_, _, _) => Slowly();

        string[] lines = await host.StreamAsync(StreamBody);
        string text = "";
        await foreach (OpenAI.Chat.StreamingChatCompletionUpdate update in host.Chat().CompleteChatStreamingAsync([new OpenAI.Chat.UserChatMessage("Hi")], cancellationToken: Cancel))
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));

        Assert.Contains("\"role\":\"assistant\"", lines[0], StringComparison.Ordinal);
        Assert.Equal(": reading", lines[1]);
        Assert.Equal("late", text); // comments are nothing to a client
    }

    [Fact]
    public async Task Stop_AnswerUnderWay_MayEnd()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Client.Script = (_, _, _) => Waiting(asked, goOn.Task);
        Task<string[]> answer = host.StreamAsync(StreamBody);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Task stop = host.App.StopAsync(Cancel);
        goOn.SetResult();

        Assert.Equal("data: [DONE]", (await answer)[^1]);
        await stop;
    }

    [Fact]
    public async Task Post_ServerEnds_Gives503()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        ((Microsoft.Extensions.Hosting.IHostApplicationLifetime)host.App.Services.GetService(typeof(Microsoft.Extensions.Hosting.IHostApplicationLifetime))!).StopApplication();

        (HttpStatusCode status, JsonElement body) = await host.PostAsync(Body);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (status, EndpointHost.Error(body).Code));
    }

    private static async IAsyncEnumerable<AIContent> Forever(
        TaskCompletionSource asked, TaskCompletionSource cancelled, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new TextContent("once");
        asked.TrySetResult();
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            cancelled.TrySetResult();
        }
    }

    private static async IAsyncEnumerable<AIContent> ThenFail(Exception error)
    {
        yield return new TextContent("Hello");
        await Task.Yield();
        throw error;
    }

    private static async IAsyncEnumerable<AIContent> Slowly()
    {
        await Task.Delay(300, Cancel);
        yield return new TextContent("late");
    }

    private static async IAsyncEnumerable<AIContent> Waiting(TaskCompletionSource asked, Task goOn)
    {
        yield return new TextContent("Hello");
        asked.TrySetResult();
        await goOn;
        yield return new TextContent(" again");
    }
}
