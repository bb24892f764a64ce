using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Grammars;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Tests.Grammars;
using RwkvX.AI.Tokenization;
using Xunit;
using static RwkvX.AI.Tests.Chat.ScriptedChat;
using Vocabularies = RwkvX.AI.Tests.Tokenization.Vocabularies;

namespace RwkvX.AI.Tests.Chat;

/// <summary>Schemas of the corpus through the client: answers and arguments parse and obey under random and hostile logits and random weights.</summary>
public sealed class ConstrainedFuzzTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>Set to 1 for the whole corpus with 20 samples a schema.</summary>
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("RWKVX_CONSTRAINED_FULL") == "1";

    private static int SamplesPerSchema => IsFull ? 20 : 5;

    private TinyModel? _weights;

    private static WorldTokenizer Vocabulary => Vocabularies.Embedded;

    private static readonly string[] EngineNames = ["hashing", "endless", "extreme", "impossible", "eager to end", "random weights"];

    public static TheoryData<string> Engines => [.. EngineNames];

    public void Dispose() => _weights?.Dispose();

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Answer_UnderASchema_ParsesAndObeys(string engine)
    {
        using RwkvXChatClient client = NewClient(engine);
        int place = Array.IndexOf(EngineNames, engine); // each engine sees another part of the corpus
        string[] corpus = [.. SchemaCorpus.All.Where((_, i) => IsFull || i % 24 == 4 * place)];
        (int samples, int byLength) = (0, 0);
        foreach (string text in corpus)
        {
            using JsonDocument schema = JsonDocument.Parse(text);
            ChatOptions options = new() { Temperature = 1, ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement), MaxOutputTokens = 1 };
            int least = await LeastAsync(client, options);
            for (int sample = 0; sample < SamplesPerSchema; sample++)
            {
                (options.Seed, options.MaxOutputTokens) = (sample, least + Spare(sample));
                ChatResponse response = await client.GetResponseAsync([User("Go on.")], options, TestContext.Current.CancellationToken);
                samples++;
                byLength += response.FinishReason == ChatFinishReason.Length ? 1 : 0;
                Assert.True(SchemaChecker.Explain(schema.RootElement, response.Text) is null, $"{text}\n{response.Text}");
            }
        }

        output.WriteLine($"{engine}: {corpus.Length} schemas, {samples} samples, all parse and obey, {byLength} finished by length");
        Assert.Equal(0, byLength);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Arguments_OfARequiredCall_ParseAndObey(string engine)
    {
        using RwkvXChatClient client = NewClient(engine);
        string[] corpus = [.. SchemaCorpus.All.Where(IsPlainObject).Where((_, i) => IsFull || i % 9 == 0)];
        Assert.True(corpus.Length >= 6, $"{corpus.Length} schemas are too few to mean anything");
        int calls = 0;
        foreach (string text in corpus)
        {
            using JsonDocument schema = JsonDocument.Parse(text);
            ChatOptions options = new()
            {
                Temperature = 1,
                MaxOutputTokens = 1,
                Tools = [AIFunctionFactory.CreateDeclaration("a \"quoted\" name", null, schema.RootElement), AIFunctionFactory.Create(() => 1, "other")],
                ToolMode = ChatToolMode.RequireSpecific("a \"quoted\" name"),
            };
            int least = await LeastAsync(client, options);
            for (int sample = 0; sample < SamplesPerSchema; sample++)
            {
                options.ToolMode = sample % 2 == 0 ? ChatToolMode.RequireSpecific("a \"quoted\" name") : ChatToolMode.RequireAny;
                (options.Seed, options.MaxOutputTokens) = (sample, least + Spare(sample));
                ChatResponse response = await client.GetResponseAsync([User("Go on.")], options, TestContext.Current.CancellationToken);
                Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
                foreach (FunctionCallContent call in response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>())
                {
                    calls++;
                    string arguments = JsonSerializer.Serialize(call.Arguments, AIJsonUtilities.DefaultOptions);
                    Assert.True(call.Name == "other" || SchemaChecker.Explain(schema.RootElement, arguments) is null, $"{text}\n{arguments}");
                }
            }
        }

        output.WriteLine($"{engine}: {corpus.Length} schemas, {calls} calls, all obey");
    }

    /// <summary>A closed object of which a serialized dictionary is the same text again: no number that changes its spelling.</summary>
    private static bool IsPlainObject(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        return document.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("type", out JsonElement type) && type is { ValueKind: JsonValueKind.String } && type.GetString() == "object"
            && root.TryGetProperty("properties", out JsonElement properties) && properties.EnumerateObject().Any();
    }

    private static async Task<int> LeastAsync(RwkvXChatClient client, ChatOptions options)
    {
        try
        {
            await client.GetResponseAsync([User("Go on.")], options, TestContext.Current.CancellationToken);
            return 1;
        }
        catch (GrammarLimitException e)
        {
            return e.RequiredTokens;
        }
    }

    /// <summary>Tokens above the minimum: none, hardly any, some, many.</summary>
    private static int Spare(int sample) => (sample % 5) switch { 0 => 0, 1 => 1 + (sample / 5), 2 => 12, 3 => 40, _ => 90 };

    private RwkvXChatClient NewClient(string engine)
    {
        int vocabSize = Vocabulary.VocabularySize;
        RwkvXOptions options = new() { PrefixCacheBytes = 0 };
        if (engine == "random weights")
        {
            _weights = TinyModel.Create(layers: 1, sparseLayers: 1, vocabulary: vocabSize + 70); // rows beyond the vocabulary are never chosen
            return new RwkvXChatClient(_weights.Engine(), Vocabulary, options, ownsModel: true);
        }

        IRwkvXModel model = engine switch
        {
            "hashing" => ScriptedModel.Hashing(vocabSize),
            "endless" => new ScriptedModel(vocabSize, static (history, logits) => Fill(history, logits, static (piece, random) =>
                piece.IndexOfAny("\"}]"u8) >= 0 ? -1000 : random.NextSingle() * 3)),
            "extreme" => new ScriptedModel(vocabSize, static (history, logits) => Fill(history, logits, static (_, random) =>
                random.Next(3) switch { 0 => float.MaxValue, 1 => float.MinValue, _ => float.NegativeInfinity })),
            "impossible" => new ScriptedModel(vocabSize, static (_, logits) => logits.Fill(float.NegativeInfinity)),
            _ => new ScriptedModel(vocabSize, static (_, logits) => logits[WorldTokenizer.EndOfTextId] = 1000),
        };
        return new RwkvXChatClient(model, Vocabulary, options, ownsModel: true);
    }

    private delegate float Logit(ReadOnlySpan<byte> piece, Random random);

    private static void Fill(ReadOnlySpan<int> history, Span<float> logits, Logit logit)
    {
        HashCode hash = default;
        foreach (int token in history)
        {
            hash.Add(token);
        }

        Random random = new(hash.ToHashCode());
        for (int id = 0; id < logits.Length; id++)
        {
            logits[id] = logit(Vocabulary.VocabularyBytes(id), random);
        }
    }
}
