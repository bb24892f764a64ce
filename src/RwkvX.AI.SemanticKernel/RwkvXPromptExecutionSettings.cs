using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace RwkvX.AI.SemanticKernel;

/// <summary>What a prompt function may ask of the model; all that is null is the model's own choice.</summary>
/// <remarks>
/// The JSON names are those that the kernel's mapper to <see cref="ChatOptions"/> knows, so plain <see cref="PromptExecutionSettings"/>
/// with the same names (from a prompt file) do the same. Ranges are checked by the chat client, with an error that names the option.
/// </remarks>
[JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
public sealed class RwkvXPromptExecutionSettings : PromptExecutionSettings
{
    /// <summary>How much chance there is in the choice of a token, 0 = none.</summary>
    [JsonPropertyName("temperature"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? Temperature { get; set => Set(ref field, value); }

    /// <summary>Only the most probable tokens that together have this probability are chosen from.</summary>
    [JsonPropertyName("top_p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? TopP { get; set => Set(ref field, value); }

    /// <summary>Only this many of the most probable tokens are chosen from.</summary>
    [JsonPropertyName("top_k"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? TopK { get; set => Set(ref field, value); }

    /// <summary>Tokens less probable than this share of the most probable one are not chosen.</summary>
    [JsonPropertyName("min_p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? MinP { get; set => Set(ref field, value); }

    /// <summary>Makes the same request give the same answer.</summary>
    [JsonPropertyName("seed"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seed { get; set => Set(ref field, value); }

    /// <summary>The most tokens that an answer may have.</summary>
    [JsonPropertyName("max_tokens"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxTokens { get; set => Set(ref field, value); }

    /// <summary>What a token's logit loses for each time it was chosen already.</summary>
    [JsonPropertyName("frequency_penalty"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? FrequencyPenalty { get; set => Set(ref field, value); }

    /// <summary>What a token's logit loses if it was chosen already.</summary>
    [JsonPropertyName("presence_penalty"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? PresencePenalty { get; set => Set(ref field, value); }

    /// <summary>Texts that end the answer and are not part of it.</summary>
    [JsonPropertyName("stop_sequences"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IList<string>? StopSequences { get; set => Set(ref field, value); }

    /// <summary>
    /// The form of the answer: <c>"text"</c>, <c>"json_object"</c>, or a JSON schema, which may be given as a <see cref="JsonElement"/>, as a
    /// <see cref="Type"/> whose schema is taken, or as a <see cref="ChatResponseFormat"/>.
    /// </summary>
    /// <exception cref="ArgumentException">It is none of these.</exception>
    [JsonPropertyName("response_format"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object? ResponseFormat { get; set => Set(ref field, ResponseFormats.Normalize(value)); }

    /// <summary>The stored conversation that the request goes on with; of the chat history, only what follows its last answer there is sent.</summary>
    [JsonPropertyName(ConversationIds.Key), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConversationId { get; set => Set(ref field, value); }

    /// <summary>These settings, if they are of this type, or what plain ones say under the names of this one.</summary>
    /// <param name="settings">Null gives settings without any choice.</param>
    /// <exception cref="JsonException">A value is not of its property's type.</exception>
    public static RwkvXPromptExecutionSettings FromExecutionSettings(PromptExecutionSettings? settings)
    {
        switch (settings)
        {
            case null: return new RwkvXPromptExecutionSettings();
            case RwkvXPromptExecutionSettings own: return own;
        }

        JsonElement json = JsonSerializer.SerializeToElement(settings, settings.GetType());
        RwkvXPromptExecutionSettings read = json.Deserialize<RwkvXPromptExecutionSettings>()!;
        read.FunctionChoiceBehavior = settings.FunctionChoiceBehavior; // its functions do not survive JSON
        return read;
    }

    /// <inheritdoc/>
    public override PromptExecutionSettings Clone() => new RwkvXPromptExecutionSettings
    {
        ServiceId = ServiceId,
        ModelId = ModelId,
        FunctionChoiceBehavior = FunctionChoiceBehavior,
        ExtensionData = ExtensionData is null ? null : new Dictionary<string, object>(ExtensionData),
        Temperature = Temperature,
        TopP = TopP,
        TopK = TopK,
        MinP = MinP,
        Seed = Seed,
        MaxTokens = MaxTokens,
        FrequencyPenalty = FrequencyPenalty,
        PresencePenalty = PresencePenalty,
        StopSequences = StopSequences is null ? null : [.. StopSequences],
        ResponseFormat = ResponseFormat,
        ConversationId = ConversationId,
    };

    /// <inheritdoc/>
    public override void Freeze()
    {
        if (!IsFrozen && StopSequences is { } sequences) StopSequences = Array.AsReadOnly([.. sequences]);
        base.Freeze();
    }

    /// <summary>Moves what the kernel's mapper does not know to where a chat client looks for it.</summary>
    /// <param name="options">What the mapper made.</param>
    protected override void PrepareChatOptionsForRequest(ChatOptions options) => ConversationIds.MoveToOptions(options);

    private void Set<T>(ref T property, T value)
    {
        ThrowIfFrozen();
        property = value;
    }
}
