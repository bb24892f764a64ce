using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>Lengths, and options that say how long.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_BodyTooLarge_Gives413(bool isChunked)
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.MaxRequestBodyBytes = 1000);
        string body = $$"""{"messages":[{"role":"user","content":"{{new string('x', 2000)}}"}]}""";
        HttpContent content = isChunked
            ? new StreamContent(new UnknownLengthStream(Encoding.UTF8.GetBytes(body)))
            : new StringContent(body, Encoding.UTF8, "application/json");
        content.Headers.ContentType = new("application/json");

        (HttpStatusCode status, JsonElement answer) = await host.PostAsync(content);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Contains("1,000 bytes", EndpointHost.Error(answer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_TooManyCharactersOrMessages_Gives400()
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => (options.MaxInputCharacters, options.MaxMessages) = (100, 3));
        (HttpStatusCode longStatus, JsonElement longBody) = await host.PostAsync(
            $$"""{"messages":[{"role":"user","content":"{{new string('x', 60)}}"},{"role":"user","content":"{{new string('x', 60)}}"}]}""");
        (HttpStatusCode manyStatus, JsonElement manyBody) = await host.PostAsync(
            $$"""{"messages":[{{string.Join(',', Enumerable.Repeat("""{"role":"user","content":"x"}""", 4))}}]}""");

        Assert.Equal((HttpStatusCode.BadRequest, "context_length_exceeded"), (longStatus, EndpointHost.Error(longBody).Code));
        Assert.Equal((HttpStatusCode.BadRequest, "array_above_max_length"), (manyStatus, EndpointHost.Error(manyBody).Code));
    }

    [Theory]
    [InlineData("", 50)]
    [InlineData(",\"max_tokens\":20", 20)]
    [InlineData(",\"max_completion_tokens\":50", 50)]
    [InlineData(",\"max_tokens\":51", null)]
    public async Task Post_MaxTokens_StayWithinTheServers(string field, int? expected)
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.MaxOutputTokens = 50);
        (HttpStatusCode status, _) = await host.PostAsync($$"""{"messages":[{"role":"user","content":"Hi"}]{{field}}}""");
        Assert.Equal(expected is null ? HttpStatusCode.BadRequest : HttpStatusCode.OK, status);
        if (expected is not null) Assert.Equal(expected, host.Client.Request.Options.MaxOutputTokens);
    }

    [Fact]
    public async Task Start_OptionOutOfRange_NamesTheKey()
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() => EndpointHost.StartAsync(options =>
        {
            options.ApiKey = " ";
            options.MaxRequestBodyBytes = 0;
            options.RequestTimeout = TimeSpan.Zero;
        }));
        Assert.Contains("RwkvX:Endpoint:ApiKey: expected a text", e.Message, StringComparison.Ordinal);
        Assert.Contains("RwkvX:Endpoint:MaxRequestBodyBytes: expected 1 to", e.Message, StringComparison.Ordinal);
        Assert.Contains("RwkvX:Endpoint:RequestTimeout: expected", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ApiKeey", "secret-7", "RwkvX:Endpoint:ApiKeey: expected one of ApiKey, ")]
    [InlineData("MaxMessages", "many", "RwkvX:Endpoint:MaxMessages")]
    [InlineData("MaxMessages", "0", "RwkvX:Endpoint:MaxMessages: expected 1 to ")]
    public async Task Start_ConfigurationWrong_NamesTheKey(string key, string value, string message)
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() => EndpointHost.StartAsync(configuration: ($"RwkvX:Endpoint:{key}", value)));
        Assert.Contains(message, Assert.Single(e.Failures), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-7", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Configuration_IsTakenAndCodeComesAfter()
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.MaxMessages++, configuration: ("RwkvX:Endpoint:MaxMessages", "1"));
        Assert.Equal(2, host.App.Services.GetRequiredService<IOptions<RwkvXEndpointOptions>>().Value.MaxMessages);
    }

    /// <summary>A stream whose length nobody knows, so that it is sent in chunks.</summary>
    private sealed class UnknownLengthStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
