using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Xunit;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>The settings' way through JSON, plain settings and the kernel's mapper.</summary>
public sealed class RwkvXPromptExecutionSettingsTests
{
    private const string Json = """
        {"service_id":"s","model_id":"m","temperature":0.25,"top_p":0.5,"top_k":7,"min_p":0.125,"seed":9007199254740993,"max_tokens":33,
         "frequency_penalty":0.75,"presence_penalty":-0.5,"stop_sequences":["a","b"],"response_format":"json_object","conversation_id":"c","other":true}
        """;

    [Fact]
    public void Json_RoundTrip_KeepsEverything()
    {
        RwkvXPromptExecutionSettings settings = JsonSerializer.Deserialize<RwkvXPromptExecutionSettings>(Json)!;
        AssertIsJson(settings);
        AssertIsJson(JsonSerializer.Deserialize<RwkvXPromptExecutionSettings>(JsonSerializer.Serialize(settings))!);
        Assert.Equal("{}", JsonSerializer.Serialize(new RwkvXPromptExecutionSettings { ServiceId = null }, Compact));
    }

    [Fact]
    public void PlainSettings_SameNames_AreRead()
    {
        PromptExecutionSettings plain = JsonSerializer.Deserialize<PromptExecutionSettings>(Json)!;
        plain.FunctionChoiceBehavior = FunctionChoiceBehavior.Auto();
        RwkvXPromptExecutionSettings settings = RwkvXPromptExecutionSettings.FromExecutionSettings(plain);
        AssertIsJson(settings);
        Assert.Same(plain.FunctionChoiceBehavior, settings.FunctionChoiceBehavior);
        Assert.Same(settings, RwkvXPromptExecutionSettings.FromExecutionSettings(settings));
        Assert.Null(RwkvXPromptExecutionSettings.FromExecutionSettings(null).Temperature);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Mapper_TypedAndPlain_GiveTheSameOptions(bool isTyped)
    {
        PromptExecutionSettings settings = isTyped
            ? JsonSerializer.Deserialize<RwkvXPromptExecutionSettings>(Json)! : JsonSerializer.Deserialize<PromptExecutionSettings>(Json)!;
        ChatOptions options = settings.ToChatOptions(kernel: null);
        Assert.Equal(("m", 0.25f, 0.5f, 7), (options.ModelId, options.Temperature, options.TopP, options.TopK));
        Assert.Equal((9007199254740993, 33, 0.75f, -0.5f), (options.Seed, options.MaxOutputTokens, options.FrequencyPenalty, options.PresencePenalty));
        Assert.Equal(["a", "b"], options.StopSequences!);
        Assert.Same(ChatResponseFormat.Json, options.ResponseFormat);
        Assert.Equal(0.125, options.AdditionalProperties!["min_p"]);
        Assert.Equal(true, options.AdditionalProperties["other"]);
        Assert.Equal(isTyped ? "c" : null, options.ConversationId); // plain ones: by our client's middleware
    }

    [Fact]
    public void ResponseFormat_AllForms_ReachTheOptions()
    {
        JsonElement schema = AIJsonUtilities.CreateJsonSchema(typeof(int[]));
        foreach (object format in (object[])[typeof(int[]), schema, ChatResponseFormat.ForJsonSchema(schema)])
        {
            ChatOptions options = new RwkvXPromptExecutionSettings { ResponseFormat = format }.ToChatOptions(kernel: null);
            JsonElement found = Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat).Schema!.Value;
            Assert.True(JsonElement.DeepEquals(schema, found), found.ToString());
        }

        Assert.Same(ChatResponseFormat.Text, new RwkvXPromptExecutionSettings { ResponseFormat = "text" }.ToChatOptions(null).ResponseFormat);
        Assert.Same(ChatResponseFormat.Json, new RwkvXPromptExecutionSettings { ResponseFormat = ChatResponseFormat.Json }.ToChatOptions(null).ResponseFormat);
        Exception error = Assert.Throws<ArgumentException>(() => new RwkvXPromptExecutionSettings { ResponseFormat = "xml" });
        Assert.Contains("'json_object'", error.Message);
        Assert.Contains("'xml'", error.Message);
    }

    [Fact]
    public void Freeze_Settings_CannotChange()
    {
        RwkvXPromptExecutionSettings settings = JsonSerializer.Deserialize<RwkvXPromptExecutionSettings>(Json)!;
        settings.Freeze();
        Assert.Throws<InvalidOperationException>(() => settings.Temperature = 1);
        Assert.Throws<NotSupportedException>(() => settings.StopSequences!.Add("c"));
        RwkvXPromptExecutionSettings copy = (RwkvXPromptExecutionSettings)settings.Clone();
        AssertIsJson(copy);
        copy.Temperature = 1;
        copy.StopSequences!.Add("c");
        AssertIsJson(settings);
    }

    private static JsonSerializerOptions Compact { get; } = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    private static void AssertIsJson(RwkvXPromptExecutionSettings settings)
    {
        Assert.Equal(("s", "m", 0.25f, 0.5f), (settings.ServiceId, settings.ModelId, settings.Temperature, settings.TopP));
        Assert.Equal((7, 0.125f, 9007199254740993, 33), (settings.TopK, settings.MinP, settings.Seed, settings.MaxTokens));
        Assert.Equal((0.75f, -0.5f, "c"), (settings.FrequencyPenalty, settings.PresencePenalty, settings.ConversationId));
        Assert.Equal(["a", "b"], settings.StopSequences!);
        Assert.Equal("json_object", settings.ResponseFormat);
        Assert.Equal("True", settings.ExtensionData!["other"].ToString());
        Assert.Single(settings.ExtensionData);
    }
}
