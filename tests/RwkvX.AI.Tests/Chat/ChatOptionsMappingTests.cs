using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Generation;
using RwkvX.AI.Grammars;
using RwkvX.AI.Memory;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions;
using RwkvX.AI.Tests.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Chat;

public sealed class ChatOptionsMappingTests
{
    [Fact]
    public void Map_NullOptions_TakesTheModelsDefaultsThenTheClients()
    {
        Assert.Equivalent(
            new GenerationSettings(new SamplingOptions { Temperature = 0.7f, TopP = 0.8f }, 1024, []), Map(null, null), strict: true);
        GenerationDefaults model = new() { Temperature = 0.3f, TopK = 4, MinP = 0.1f, MaxTokens = 50, PenaltyDecay = 0.9f, PresencePenalty = 0.5f };
        Assert.Equivalent(
            new GenerationSettings(
                new SamplingOptions { Temperature = 0.3f, TopP = 0.8f, TopK = 4, MinP = 0.1f, PenaltyDecay = 0.9f, PresencePenalty = 0.5f }, 50, []),
            Map(null, model),
            strict: true);
    }

    [Fact]
    public void Map_EveryOption_Arrives()
    {
        ChatOptions options = new()
        {
            Temperature = 0.1f,
            TopP = 0.2f,
            TopK = 3,
            PresencePenalty = 0.4f,
            FrequencyPenalty = 0.5f,
            Seed = 1L << 50,
            MaxOutputTokens = 7,
            StopSequences = ["x"],
            AdditionalProperties = new() { ["min_p"] = 0.25, ["repetition_penalty"] = "1.5", ["penalty_decay"] = JsonDocument.Parse("0.75").RootElement },
        };
        SamplingOptions sampling = new()
        {
            Temperature = 0.1f,
            TopP = 0.2f,
            TopK = 3,
            MinP = 0.25f,
            PresencePenalty = 0.4f,
            FrequencyPenalty = 0.5f,
            RepetitionPenalty = 1.5f,
            PenaltyDecay = 0.75f,
            Seed = 1L << 50,
        };
        Assert.Equivalent(new GenerationSettings(sampling, 7, ["x"]), Map(options, new GenerationDefaults { Temperature = 9 }), strict: true);
    }

    [Fact]
    public void Map_RawRepresentation_StandsInForTheModelsDefaults()
    {
        ChatOptions options = new() { TopK = 5, RawRepresentationFactory = _ => new SamplingOptions { Temperature = 2, BannedTokens = [4] } };
        GenerationSettings settings = Map(options, new GenerationDefaults { Temperature = 0.5f, TopP = 0.5f });
        Assert.Equivalent(new SamplingOptions { Temperature = 2, TopK = 5, BannedTokens = [4] }, settings.Sampling, strict: true);
    }

    [Fact]
    public void Map_AdditionalPropertyThatIsNoNumber_Throws() =>
        Assert.Contains(
            "min_p", Assert.Throws<ArgumentException>(() => Map(new ChatOptions { AdditionalProperties = new() { ["min_p"] = "much" } }, null)).Message, StringComparison.Ordinal);

    private static GenerationSettings Map(ChatOptions? options, GenerationDefaults? defaults)
    {
        using ScriptedChat chat = new(Vocabularies.Embedded, _ => []);
        using ChatContext context = new()
        {
            Model = chat.Model,
            Tokenizer = Vocabularies.Embedded,
            Template = new WorldPromptTemplate(),
            Cache = new PrefixCache(0, 16),
            Memory = new RwkvXMemory(chat.Model, Vocabularies.Embedded),
            OwnsMemory = true,
            Tenant = "t",
            ModelId = "toy",
            Grammars = new GrammarCache(Vocabularies.Embedded, Vocabularies.Embedded.VocabularySize, 0, "\n\n"),
            Defaults = defaults,
        };
        return ChatOptionsMapping.Map(options, context, chat.Client);
    }
}
