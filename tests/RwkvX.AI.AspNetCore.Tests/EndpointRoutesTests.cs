using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using OpenAI.Models;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>Models, unknown paths, methods and types of content.</summary>
public sealed class EndpointRoutesTests
{
    private const string Body = """{"model":"MODEL","messages":[{"role":"user","content":"Hi"}]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_DefaultAndKeyed_AreListedAndAnswer()
    {
        ScriptedChatClient one = new(), two = new(), three = new();
        two.Answer(new TextContent("I am two."));
        await using EndpointHost host = await EndpointHost.StartAsync(services: services =>
        {
            services.AddKeyedSingleton<IChatClient>("two", two);
            services.AddKeyedSingleton<IChatClient>("org/three", three);
            services.AddKeyedSingleton<IChatClient>(3, three); // no name that a request could give
            services.AddSingleton<IChatClient>(one);
        });
        OpenAIModelClient client = host.OpenAI().GetOpenAIModelClient();

        OpenAIModelCollection models = await client.GetModelsAsync(Cancel);
        OpenAIModel third = await client.GetModelAsync("org/three", Cancel);
        OpenAI.Chat.ChatCompletion answer = await host.Chat("two").CompleteChatAsync([new OpenAI.Chat.UserChatMessage("Who?")], cancellationToken: Cancel);

        Assert.Equal(["scripted-1", "two", "org/three"], models.Select(model => model.Id));
        Assert.Equal("org/three", third.Id);
        Assert.Equal(("I am two.", "two"), (answer.Content[0].Text, answer.Model));
        Assert.Empty(one.Requests);
    }

    [Theory]
    [InlineData("gpt-4o")]
    [InlineData("")]
    [InlineData("SCRIPTED-1")]
    public async Task Post_UnknownModel_Gives404(string model)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();

        (HttpStatusCode status, JsonElement body) = await host.PostAsync(Body.Replace("MODEL", model, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.NotFound, status);
        (string message, string type, string? param, string? code) = EndpointHost.Error(body);
        Assert.Equal(("invalid_request_error", "model", "model_not_found"), (type, param, code));
        Assert.Contains("expected 'scripted-1'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_WithoutModel_AsksTheDefault()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        (HttpStatusCode status, JsonElement body) = await host.PostAsync(Body.Replace("\"model\":\"MODEL\",", "", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.OK, "scripted-1"), (status, body.GetProperty("model").GetString()));
    }

    [Fact]
    public async Task Post_UnknownModel_IsAClientResultException()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        System.ClientModel.ClientResultException e = await Assert.ThrowsAsync<System.ClientModel.ClientResultException>(() =>
            host.Chat("gpt-4o").CompleteChatAsync([new OpenAI.Chat.UserChatMessage("Hi")], cancellationToken: Cancel));
        Assert.Equal(404, e.Status);
        Assert.Contains("model_not_found", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", 405, "method_not_allowed")]
    [InlineData("POST", "/v1/models/scripted-1", 405, "method_not_allowed")]
    [InlineData("GET", "/v1/models/nope", 404, "model_not_found")]
    [InlineData("POST", "/v1/embeddings", 404, "unknown_url")]
    [InlineData("GET", "/v1/", 404, "unknown_url")]
    [InlineData("POST", "/v1/chat/completions/x", 404, "unknown_url")]
    public async Task Send_OtherMethodOrPath_GivesAnErrorObject(string method, string path, int status, string code)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        using HttpResponseMessage response = await host.Http.SendAsync(request, Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, EndpointHost.Error(JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancel))).Code);
        Assert.Equal(status == 405, response.Content.Headers.Allow.Count > 0);
        Assert.Single(response.Headers.GetValues("X-Request-Id"));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task Post_OtherContentType_Gives415(string? type)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        ByteArrayContent content = new(Encoding.UTF8.GetBytes(Body));
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        (HttpStatusCode status, JsonElement body) = await host.PostAsync(content);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported_media_type"), (status, EndpointHost.Error(body).Code));
    }

    [Fact]
    public async Task Post_Compressed_Gives415()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        StringContent content = new(Body, Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await host.PostAsync(content)).Status);
    }
}
