using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenAI;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>The endpoint in this process, on a real server at a free port of this machine.</summary>
internal sealed class EndpointHost : IAsyncDisposable
{
    private EndpointHost(WebApplication app, ScriptedChatClient client)
    {
        App = app;
        Client = client;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Http = new HttpClient { BaseAddress = Address };
    }

    /// <summary>The application.</summary>
    public WebApplication App { get; }

    /// <summary>Who answers, unless services were given.</summary>
    public ScriptedChatClient Client { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Asks it without any client library.</summary>
    public HttpClient Http { get; }

    /// <summary>Starts it.</summary>
    /// <param name="configure">The endpoint's options.</param>
    /// <param name="services">The container's; a scripted client answers if none is given.</param>
    /// <param name="url">Where to listen.</param>
    /// <param name="configuration">A key and its value.</param>
    public static async Task<EndpointHost> StartAsync(
        Action<RwkvXEndpointOptions>? configure = null,
        Action<IServiceCollection>? services = null,
        string url = "http://127.0.0.1:0",
        (string Key, string Value)? configuration = null)
    {
        ScriptedChatClient client = new();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        if (configuration is { } setting) builder.Configuration.AddInMemoryCollection([new(setting.Key, setting.Value)]);
        builder.WebHost.UseKestrelCore().UseUrls(url);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        if (services is null) builder.Services.AddSingleton<IChatClient>(client);
        else services(builder.Services);
        builder.Services.AddRwkvXEndpoint(configure);
        WebApplication app = builder.Build();
        app.MapRwkvX();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new EndpointHost(app, client);
    }

    /// <summary>OpenAI's client of this server.</summary>
    public OpenAIClient OpenAI(string key = "any") => new(new ApiKeyCredential(key), new OpenAIClientOptions
    {
        Endpoint = new Uri(Address, "/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        NetworkTimeout = TimeSpan.FromSeconds(60),
    });

    /// <summary>OpenAI's chat client of this server.</summary>
    public global::OpenAI.Chat.ChatClient Chat(string model = "scripted-1") => OpenAI().GetChatClient(model);

    /// <summary>Posts a body and reads the answer.</summary>
    public Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string json) => PostAsync(new StringContent(json, Encoding.UTF8, "application/json"));

    /// <summary>Posts a body and reads the answer.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(HttpContent content)
    {
        using HttpResponseMessage response = await Http.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>Posts a body and reads all lines of the answer that are not empty.</summary>
    public async Task<string[]> StreamAsync(string json)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        using HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The error object of a response, whole.</summary>
    public static (string Message, string Type, string? Param, string? Code) Error(JsonElement body)
    {
        JsonElement error = body.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(property => property.Name));
        return (error.GetProperty("message").GetString()!, error.GetProperty("type").GetString()!, error.GetProperty("param").GetString(), error.GetProperty("code").GetString());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
