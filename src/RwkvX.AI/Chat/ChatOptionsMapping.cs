using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Generation;

namespace RwkvX.AI.Chat;

/// <summary>The one place that knows both vocabularies: <see cref="ChatOptions"/> on one side, sampling and stopping on the other.</summary>
/// <remarks>
/// What <see cref="ChatOptions"/> says comes first, then what its <see cref="ChatOptions.RawRepresentationFactory"/> returned (
/// <see cref="RwkvXGenerationOptions"/>, or a whole <see cref="SamplingOptions"/>), then the model's defaults (<c>generation</c> of config.json), then those below.
/// </remarks>
internal static class ChatOptionsMapping
{
    private const float DefaultTemperature = 0.7f;
    private const float DefaultTopP = 0.8f;
    private const int DefaultMaxTokens = 1024;

    /// <summary>Maps options, and refuses what this client cannot do.</summary>
    /// <param name="options">The caller's; null for none.</param>
    /// <param name="context">The model, whose name, vocabulary and defaults are needed.</param>
    /// <param name="client">What the raw representation's factory is given.</param>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    /// <exception cref="NotSupportedException">The options ask for something that this client does not do.</exception>
    /// <exception cref="ModelNotLoadedException">The options name another model.</exception>
    public static GenerationSettings Map(ChatOptions? options, ChatContext context, IChatClient client)
    {
        options ??= new ChatOptions();
        Refuse(options, context.ModelId);
        object? raw = options.RawRepresentationFactory?.Invoke(client);
        SamplingOptions defaults = raw as SamplingOptions ?? (raw as RwkvXGenerationOptions)?.Sampling ?? Defaults(context.Defaults);
        SamplingOptions sampling = defaults with
        {
            Temperature = options.Temperature ?? defaults.Temperature,
            TopP = options.TopP ?? defaults.TopP,
            TopK = options.TopK ?? defaults.TopK,
            PresencePenalty = options.PresencePenalty ?? defaults.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty ?? defaults.FrequencyPenalty,
            Seed = options.Seed ?? defaults.Seed,
            MinP = Number(options, "min_p") ?? defaults.MinP,
            RepetitionPenalty = Number(options, "repetition_penalty") ?? defaults.RepetitionPenalty,
            PenaltyDecay = Number(options, "penalty_decay") ?? defaults.PenaltyDecay,
        };
        sampling.Validate(context.Model.Config.VocabSize);
        return new GenerationSettings(sampling, MaxTokens(options, context.Defaults), StopSequences(options))
        {
            Format = AnswerFormat.Of(options, raw as RwkvXGenerationOptions),
            Tools = ToolOptions.Map(options),
            Priority = Priority(options),
            Thinks = options.Reasoning?.Effort is { } effort ? effort != ReasoningEffort.None : null,
            ShowsReasoning = options.Reasoning?.Output != ReasoningOutput.None,
        };
    }

    private static SamplingOptions Defaults(GenerationDefaults? model) => new()
    {
        Temperature = model?.Temperature ?? DefaultTemperature,
        TopP = model?.TopP ?? DefaultTopP,
        TopK = model?.TopK ?? 0,
        MinP = model?.MinP ?? 0,
        PresencePenalty = model?.PresencePenalty ?? 0,
        FrequencyPenalty = model?.FrequencyPenalty ?? 0,
        RepetitionPenalty = model?.RepetitionPenalty ?? 1,
        PenaltyDecay = model?.PenaltyDecay ?? 1,
    };

    private static void Refuse(ChatOptions options, string modelId)
    {
        if (options.ModelId is { } model && model != modelId)
        {
            throw new ModelNotLoadedException(model, modelId);
        }

        if (options.ContinuationToken is not null)
        {
            throw new NotSupportedException("ContinuationToken: expected null: this client does not answer in the background");
        }
    }

    private static int MaxTokens(ChatOptions options, GenerationDefaults? model)
    {
        int most = options.MaxOutputTokens ?? model?.MaxTokens ?? DefaultMaxTokens;
        return most > 0 ? most : throw new ArgumentOutOfRangeException(nameof(options), $"MaxOutputTokens: expected at least 1, found {most}");
    }

    private static string[] StopSequences(ChatOptions options)
    {
        string[] sequences = [.. options.StopSequences ?? []];
        return Array.TrueForAll(sequences, sequence => !string.IsNullOrEmpty(sequence))
            ? sequences
            : throw new ArgumentException("StopSequences: expected texts, found an empty one", nameof(options));
    }

    private static int Priority(ChatOptions options)
    {
        float priority = Number(options, "priority") ?? 0;
        return priority is >= -10 and <= 10 && float.IsInteger(priority)
            ? (int)priority
            : throw new ArgumentOutOfRangeException(nameof(options), FormattableString.Invariant($"priority: expected a whole number from -10 to 10, found {priority}"));
    }

    /// <summary>A number among the additional properties, as code or as JSON left it there.</summary>
    private static float? Number(ChatOptions options, string key)
    {
        object? value = null;
        options.AdditionalProperties?.TryGetValue(key, out value);
        return value switch
        {
            null => null,
            float number => number,
            JsonElement { ValueKind: JsonValueKind.Number } json => json.GetSingle(),
            double or decimal or int or long => Convert.ToSingle(value, CultureInfo.InvariantCulture),
            string text when float.TryParse(text, CultureInfo.InvariantCulture, out float number) => number,
            _ => throw new ArgumentException($"{key}: expected a number, found '{value}'", nameof(options)),
        };
    }
}
