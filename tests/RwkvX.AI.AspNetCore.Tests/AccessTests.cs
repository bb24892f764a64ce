using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using RwkvX.AI.AspNetCore.Access;
using RwkvX.AI.AspNetCore.Errors;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>Who may ask.</summary>
public sealed class AccessTests
{
    private const string Body = """{"messages":[{"role":"user","content":"Hi"}]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Bearer secret-1", 200)]
    [InlineData("bearer secret-1", 200)]
    [InlineData("Bearer secret-2", 401)]
    [InlineData("Bearer secret-1x", 401)]
    [InlineData("Bearer secret", 401)]
    [InlineData("Bearer", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("Basic secret-1", 401)]
    [InlineData("secret-1", 401)]
    [InlineData(null, 401)]
    public async Task Post_Key_MustBeTheServers(string? authorization, int expected)
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.ApiKey = "secret-1");
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using HttpResponseMessage response = await host.Http.SendAsync(request, Cancel);
        Assert.Equal(expected, (int)response.StatusCode);
        if (expected == 200) return;
        Assert.Equal("invalid_api_key", EndpointHost.Error(JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancel))).Code);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.Empty(host.Client.Requests);
    }

    [Fact]
    public async Task Key_GuardsModelsToo_ButNotThePage()
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.ApiKey = "secret-1");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Http.GetAsync("/v1/models", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Http.GetAsync("/v1/nothing", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/", Cancel)).StatusCode);
        Assert.Single(await Models("secret-1"));
        Assert.Equal(401, (await Assert.ThrowsAsync<System.ClientModel.ClientResultException>(() => Models("other"))).Status);

        async Task<IEnumerable<OpenAI.Models.OpenAIModel>> Models(string key) =>
            (await host.OpenAI(key).GetOpenAIModelClient().GetModelsAsync(Cancel)).Value;
    }

    [Theory]
    [InlineData("evil.example", null)]
    [InlineData("192.168.0.7", null)]
    [InlineData("localhost", "https://evil.example")]
    [InlineData("localhost", "null")]
    public async Task Post_FromAPageElsewhere_Gives403(string name, string? origin)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
        request.Headers.Host = name;
        if (origin is not null) request.Headers.Add("Origin", origin);
        using HttpResponseMessage response = await host.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Empty(host.Client.Requests);
    }

    [Theory]
    [InlineData("127.0.0.1", false, true)]
    [InlineData("::1", false, true)]
    [InlineData("192.168.0.7", false, false)]
    [InlineData("192.168.0.7", true, true)]
    [InlineData("2001:db8::1", false, false)]
    public void Check_WithoutKey_LetsThisMachineAsk(string address, bool allowRemote, bool isLet)
    {
        AccessCheck check = new(Options.Create(new RwkvXEndpointOptions { AllowRemoteWithoutKey = allowRemote }));
        DefaultHttpContext context = new();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        context.Request.Host = new HostString("localhost", 80);
        Exception? refusal = Record.Exception(() => check.Check(context, needsKey: true));
        Assert.Equal(isLet, refusal is null);
        if (!isLet) Assert.Equal(403, Assert.IsType<ApiException>(refusal).Status);
    }

    [Fact]
    public void Check_WithKey_LetsOtherMachinesAsk()
    {
        AccessCheck check = new(Options.Create(new RwkvXEndpointOptions { ApiKey = "k" }));
        DefaultHttpContext context = new();
        context.Connection.RemoteIpAddress = IPAddress.Parse("192.168.0.7");
        context.Request.Host = new HostString("models.example");
        context.Request.Headers.Authorization = "Bearer k";
        check.Check(context, needsKey: true);
    }
}
