using System.Net;
using System.Text.Json;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>Everything that can be wrong with a request is a 4xx with OpenAI's error object, which names the field.</summary>
public sealed class MalformedRequestTests(MalformedRequestTests.Server server) : IClassFixture<MalformedRequestTests.Server>
{
    private const string User = """{"role":"user","content":"Hi"}""";
    private const string Tool = """{"type":"function","function":{"name":"f"}}""";

    /// <summary>Bodies, the field that the error must name (null for the whole body), and a part of its message.</summary>
    public static TheoryData<string, string?, string> Bodies()
    {
        TheoryData<string, string?, string> data = new()
        {
            // JSON itself
            { "", null, "found nothing" },
            { "   ", null, "expected JSON" },
            { "{", null, "expected JSON" },
            { "{\"messages\":", null, "expected JSON" },
            { "not json", null, "expected JSON" },
            { "{'messages':[]}", null, "expected JSON" },
            { "{\"messages\":[],}", null, "expected JSON" },
            { "// no\n{}", null, "expected JSON" },
            { "{} {}", null, "expected JSON" },
            { "{\"stream\":true,\"stream\":false}", null, "expected JSON" },
            { string.Concat(Enumerable.Repeat("[", 100)), null, "expected JSON" },
            { "[]", null, "expected a JSON object, found an array" },
            { "null", null, "expected a JSON object, found null" },
            { "42", null, "expected a JSON object, found the number '42'" },
            { "\"hi\"", null, "expected a JSON object, found a string" },

            // messages
            { "{}", "messages", "expected an array of messages, found nothing" },
            { "{\"messages\":null}", "messages", "found null" },
            { "{\"messages\":\"Hi\"}", "messages", "expected an array, found a string" },
            { "{\"messages\":{}}", "messages", "expected an array, found an object" },
            { "{\"messages\":[]}", "messages", "expected at least one message" },
        };
        AddMessages(data);
        AddOptions(data);
        AddTools(data);
        return data;
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Post_Wrong_Gives400ThatNamesTheField(string body, string? param, string message)
    {
        (HttpStatusCode status, JsonElement answer) = await server.Host.PostAsync(body);

        (string Message, string Type, string? Param, string? Code) error = EndpointHost.Error(answer);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("invalid_request_error", error.Type);
        Assert.Equal(param, error.Param);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Code!);
        Assert.Empty(server.Host.Client.Requests);
    }

    [Fact]
    public void Bodies_AreMany() => Assert.True(Bodies().Count >= 60, $"{Bodies().Count} cases");

    [Theory]
    [InlineData(new byte[] { 0x7B, 0x22, 0xFF, 0x22, 0x7D }, "UTF-8")]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x7B, 0x00 }, "UTF-8")]
    [InlineData(new byte[] { 0x00 }, "expected JSON")]
    public async Task Post_OtherBytes_Gives400(byte[] body, string message)
    {
        ByteArrayContent content = new(body);
        content.Headers.ContentType = new("application/json");

        (HttpStatusCode status, JsonElement answer) = await server.Host.PostAsync(content);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(message, EndpointHost.Error(answer).Message, StringComparison.Ordinal);
    }

    private static void AddMessages(TheoryData<string, string?, string> data)
    {
        (string Message, string Param, string Text)[] cases =
        [
            ("null", "messages[0]", "expected an object, found null"),
            ("\"Hi\"", "messages[0]", "expected an object, found a string"),
            ("{}", "messages[0].role", "expected a role, found nothing"),
            ("{\"role\":7,\"content\":\"Hi\"}", "messages[0].role", "expected a string"),
            ("{\"role\":\"robot\",\"content\":\"Hi\"}", "messages[0].role", "found 'robot'"),
            ("{\"role\":\"User\",\"content\":\"Hi\"}", "messages[0].role", "found 'User'"),
            ("{\"role\":\"function\",\"name\":\"f\",\"content\":\"Hi\"}", "messages[0].role", "expected 'tool'"),
            ("{\"role\":\"user\"}", "messages[0].content", "expected a text, found nothing"),
            ("{\"role\":\"user\",\"content\":null}", "messages[0].content", "found null"),
            ("{\"role\":\"user\",\"content\":5}", "messages[0].content", "found the number '5'"),
            ("{\"role\":\"user\",\"content\":{}}", "messages[0].content", "found an object"),
            ("{\"role\":\"user\",\"content\":[]}", "messages[0].content", "expected at least one part"),
            ("{\"role\":\"user\",\"content\":[\"Hi\"]}", "messages[0].content[0]", "expected an object"),
            ("{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}", "messages[0].content[0].type", "expected a type"),
            ("{\"role\":\"user\",\"content\":[{\"type\":1}]}", "messages[0].content[0].type", "expected a string"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}", "messages[0].content[0].text", "expected a string, found nothing"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":1}]}", "messages[0].content[0].text", "found the number '1'"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA==\"}}]}", "messages[0].content[0].type", "found 'image_url'"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{}}]}", "messages[0].content[0].type", "found 'input_audio'"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"file\"}]}", "messages[0].content[0].file", "expected an object"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}]}", "messages[0].content[0].file.file_id", "expected file_data"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"hello\"}}]}", "messages[0].content[0].file.file_data", "expected a data URI"),
            ("{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/pdf;base64,AA==\"}}]}", "messages[0].content[0].file.file_data", "found application/pdf"),
            ("{\"role\":\"system\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"data:text/plain,x\"}}]}", "messages[0].content[0].type", "found 'file'"),
            ("{\"role\":\"user\",\"content\":\"\\ud800\"}", "messages[0].content", "surrogate"),
            ("{\"role\":\"user\",\"content\":\"Hi\",\"name\":[]}", "messages[0].name", "expected a string"),
            ("{\"role\":\"assistant\"}", "messages[0].content", "expected a text, or tool_calls"),
            ("{\"role\":\"assistant\",\"tool_calls\":{}}", "messages[0].tool_calls", "expected an array"),
            ("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"function\":{}}]}", "messages[0].tool_calls[0].type", "expected 'function'"),
            ("{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\",\"function\":{}}]}", "messages[0].tool_calls[0].id", "expected a string"),
            ("{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\",\"id\":\"1\",\"function\":{\"name\":\"f\",\"arguments\":\"[1]\"}}]}", "messages[0].tool_calls[0].function.arguments", "expected a JSON object"),
            ("{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\",\"id\":\"1\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]}", "messages[0].tool_calls[0].function.arguments", "expected a string"),
            ("{\"role\":\"tool\",\"content\":\"sunny\"}", "messages[0].tool_call_id", "expected the id"),
            ("{\"role\":\"tool\",\"tool_call_id\":\"call_9\",\"content\":\"sunny\"}", "messages[0].tool_call_id", "found 'call_9'"),
        ];
        foreach ((string message, string param, string text) in cases) data.Add($$"""{"messages":[{{message}}]}""", param, text);
    }

    private static void AddOptions(TheoryData<string, string?, string> data)
    {
        (string Field, string Param, string Text)[] cases =
        [
            ("\"model\":7", "model", "expected a string"),
            ("\"temperature\":\"hot\"", "temperature", "expected a number, found a string"),
            ("\"temperature\":-0.1", "temperature", "expected 0 to 2, found '-0.1'"),
            ("\"temperature\":2.1", "temperature", "expected 0 to 2"),
            ("\"temperature\":1e400", "temperature", "expected 0 to 2"),
            ("\"top_p\":1.5", "top_p", "expected 0 to 1"),
            ("\"top_p\":true", "top_p", "expected a number, found true"),
            ("\"presence_penalty\":3", "presence_penalty", "expected -2 to 2"),
            ("\"frequency_penalty\":-3", "frequency_penalty", "expected -2 to 2"),
            ("\"seed\":1.5", "seed", "expected a whole number"),
            ("\"seed\":1e30", "seed", "expected -9223372036854775808"),
            ("\"seed\":\"1\"", "seed", "expected a whole number"),
            ("\"max_tokens\":0", "max_tokens", "expected 1 to"),
            ("\"max_tokens\":-5", "max_tokens", "expected 1 to"),
            ("\"max_tokens\":10.5", "max_tokens", "expected a whole number"),
            ("\"max_tokens\":\"many\"", "max_tokens", "expected a whole number"),
            ("\"max_completion_tokens\":0", "max_completion_tokens", "expected 1 to"),
            ("\"max_completion_tokens\":99999999999", "max_completion_tokens", "expected 1 to"),
            ("\"max_tokens\":5,\"max_completion_tokens\":5", "max_tokens", "found both"),
            ("\"stop\":5", "stop", "expected a string or an array"),
            ("\"stop\":\"\"", "stop", "found an empty one"),
            ("\"stop\":[\"a\",null]", "stop[1]", "found an empty one or null"),
            ("\"stop\":[\"a\",5]", "stop[1]", "expected a string"),
            ("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop", "expected at most 4"),
            ("\"n\":2", "n", "expected 1"),
            ("\"n\":0", "n", "expected 1 to"),
            ("\"n\":\"1\"", "n", "expected a whole number"),
            ("\"stream\":\"yes\"", "stream", "expected true or false"),
            ("\"stream_options\":{\"include_usage\":true}", "stream_options", "expected 'stream'"),
            ("\"stream\":true,\"stream_options\":[]", "stream_options", "expected an object"),
            ("\"stream\":true,\"stream_options\":{\"include_usage\":1}", "stream_options.include_usage", "expected true or false"),
            ("\"logprobs\":true", "logprobs", "expected false"),
            ("\"top_logprobs\":3", "logprobs", "expected false"),
            ("\"logit_bias\":{\"50256\":-100}", "logit_bias", "expected no entries"),
            ("\"logit_bias\":[]", "logit_bias", "expected an object"),
            ("\"modalities\":[\"text\",\"audio\"]", "modalities", "expected ['text']"),
            ("\"audio\":{\"voice\":\"alloy\"}", "audio", "does not do that"),
            ("\"functions\":[]", "functions", "expected 'tools'"),
            ("\"function_call\":\"auto\"", "function_call", "expected 'tools'"),
            ("\"user\":5", "user", "expected a string"),
            ("\"metadata\":\"x\"", "metadata", "expected an object of strings"),
            ("\"metadata\":{\"a\":1}", "metadata.a", "expected a string"),
            ("\"service_tier\":\"gold\"", "service_tier", "found 'gold'"),
            ("\"reasoning_effort\":\"extreme\"", "reasoning_effort", "found 'extreme'"),
            ("\"max_token\":5", "max_token", "knows no such field"),
            ("\"min_p\":2", "min_p", "expected 0 to 1"),
            ("\"top_k\":-1", "top_k", "expected 0 to"),
            ("\"conversation\":5", "conversation", "expected a string"),
            ("\"conversation\":\"\"", "conversation", "found an empty one"),
            ("\"conversation\":\"a\",\"metadata\":{\"conversation\":\"b\"}", "conversation", "found another id"),
            ("\"response_format\":\"json\"", "response_format", "expected an object"),
            ("\"response_format\":{}", "response_format.type", "found nothing"),
            ("\"response_format\":{\"type\":\"xml\"}", "response_format.type", "found 'xml'"),
            ("\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema", "expected an object"),
            ("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{}}}", "response_format.json_schema.name", "expected a name"),
            ("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a b\",\"schema\":{}}}", "response_format.json_schema.name", "letters, digits"),
            ("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\"}}", "response_format.json_schema.schema", "expected a JSON schema"),
            ("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":true}}", "response_format.json_schema.schema", "expected a JSON schema"),
        ];
        foreach ((string field, string param, string text) in cases) data.Add($$"""{"messages":[{{User}}],{{field}}}""", param, text);
    }

    private static void AddTools(TheoryData<string, string?, string> data)
    {
        (string Fields, string Param, string Text)[] cases =
        [
            ("\"tools\":{}", "tools", "expected an array"),
            ("\"tools\":[5]", "tools[0]", "expected an object"),
            ("\"tools\":[{}]", "tools[0].type", "expected 'function'"),
            ("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"f\"}}]", "tools[0].type", "found 'custom'"),
            ("\"tools\":[{\"type\":\"function\"}]", "tools[0].function", "expected an object"),
            ("\"tools\":[{\"type\":\"function\",\"function\":{}}]", "tools[0].function.name", "expected a name"),
            ("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get weather\"}}]", "tools[0].function.name", "letters, digits"),
            ("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\\n\"}}]", "tools[0].function.name", "letters, digits"),
            ("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":[]}}]", "tools[0].function.parameters", "expected a JSON schema"),
            ("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":1}}]", "tools[0].function.strict", "expected true or false"),
            ($"\"tools\":[{Tool},{Tool}]", "tools", "found 'f' 2 times"),
            ($"\"tools\":[{string.Join(',', Enumerable.Repeat(Tool, 129))}]", "tools", "expected at most 128"),
            ("\"tool_choice\":\"required\"", "tool_choice", "expected 'tools'"),
            ($"\"tools\":[{Tool}],\"tool_choice\":\"sometimes\"", "tool_choice", "found 'sometimes'"),
            ($"\"tools\":[{Tool}],\"tool_choice\":5", "tool_choice", "expected an object"),
            ($"\"tools\":[{Tool}],\"tool_choice\":{{}}", "tool_choice.type", "found nothing"),
            ($"\"tools\":[{Tool}],\"tool_choice\":{{\"type\":\"function\",\"function\":{{\"name\":\"g\"}}}}", "tool_choice.function.name", "found 'g'"),
            ($"\"tools\":[{Tool}],\"parallel_tool_calls\":\"no\"", "parallel_tool_calls", "expected true or false"),
        ];
        foreach ((string fields, string param, string text) in cases) data.Add($$"""{"messages":[{{User}}],{{fields}}}""", param, text);
    }

    /// <summary>One server for all cases.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal EndpointHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await EndpointHost.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
