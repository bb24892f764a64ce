using System.Diagnostics;
using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Grammars;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Benchmarks;

/// <summary>
/// What constrained decoding costs, in half a minute: <c>constrained [threads]</c>. Free and constrained decoding of the embedded model in turn,
/// a pair a round, and the first use of schemas of 50 properties on the embedded and the World vocabulary.
/// </summary>
internal static class ConstrainedQuick
{
    private const int Rounds = 30, Decoded = 160, Schemas = 40;

    private static readonly string[] Kinds =
        ["""{"type":"string"}""", """{"type":"integer"}""", """{"type":"string","maxLength":60}""", """{"type":"boolean"}""", """{"type":"array","items":{"type":"string"}}"""];

    private static readonly string[] Values = ["\"Words of a common kind, twice.\"", "12345", "\"a short one\"", "true", "[\"one\", \"two and a half\"]"];

    public static async Task RunAsync(int threads)
    {
        FirstUses("embedded", Repository.EmbeddedVocabulary, 0);
        if (File.Exists(Repository.WorldVocabulary)) FirstUses("World", Repository.WorldVocabulary, 65_536);
        await DecodeAsync(threads);
    }

    private static void FirstUses(string name, string path, int vocabSize)
    {
        WorldTokenizer tokenizer = WorldTokenizer.Load(path);
        long started = Stopwatch.GetTimestamp();
        TokenVocabulary vocabulary = TokenVocabulary.Of(tokenizer, Math.Max(vocabSize, tokenizer.VocabularySize), 0);
        Console.WriteLine($"{name} vocabulary, once a model: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F1} ms");
        List<double> wall = [], processor = [], compile = [];
        for (int i = 0; i < Schemas; i++)
        {
            using JsonDocument schema = JsonDocument.Parse(Schema(i));
            int[] tokens = tokenizer.Encode(Text(i));
            (started, TimeSpan startedCpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            TokenGrammar grammar = new(Grammar.FromJsonSchema(schema.RootElement), vocabulary);
            compile.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            Follow(grammar, tokens);
            wall.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            processor.Add((Environment.CpuUsage.TotalTime - startedCpu).TotalMilliseconds);
        }

        Console.WriteLine($"{name}, first use of a schema of 50 properties, compiled and one text followed:");
        Console.WriteLine($"  {Spread(wall)} wall; {Spread(processor)} processor; compiling alone {Spread(compile)}");
    }

    private static void Follow(TokenGrammar grammar, int[] tokens)
    {
        GrammarConstraint constraint = grammar.CreateConstraint(4096);
        ulong[] mask = new ulong[grammar.Vocabulary.MaskWords];
        int left = 4096;
        foreach (int token in tokens)
        {
            constraint.FillMask(mask, left--);
            constraint.Accept(token);
        }
    }

    private static async Task DecodeAsync(int threads)
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions { Threads = threads });
        PassScheduler scheduler = new(model);
        using Stream stream = files.OpenVocabulary()!;
        WorldTokenizer tokenizer = WorldTokenizer.Load(stream);
        TokenVocabulary vocabulary = TokenVocabulary.Of(tokenizer, model.Config.VocabSize, 0);
        (string Name, string Schema)[] schemas =
        [
            ("50 properties", Schema(0)),
            ("strings", """{"type":"array","items":{"type":"string","minLength":20},"minItems":100}"""),
            ("numbers", """{"type":"array","items":{"type":"object","properties":{"x":{"type":"number"},"y":{"type":"number"}},"required":["x","y"]},"minItems":100}"""),
        ];
        Console.WriteLine(model.Engine);
        foreach ((string name, string text) in schemas)
        {
            using JsonDocument schema = JsonDocument.Parse(text);
            TokenGrammar grammar = new(Grammar.FromJsonSchema(schema.RootElement), vocabulary);
            List<double> free = [], constrained = [], ratios = [];
            for (int round = 0; round < Rounds + 4; round++)
            {
                double one = await MeasureAsync(scheduler, tokenizer, null, round), other = await MeasureAsync(scheduler, tokenizer, grammar.CreateConstraint(4096), round);
                if (round < 4) continue; // masks and machine code of the first rounds
                free.Add(one);
                constrained.Add(other);
                ratios.Add(other / one);
            }

            Console.WriteLine($"{name}: free {Spread(free)} a token, constrained {Spread(constrained)}; ratio of a pair {Spread(ratios, "")}; of the best {constrained.Min() / free.Min():F3}");
        }
    }

    /// <summary>Milliseconds a token.</summary>
    private static async Task<double> MeasureAsync(PassScheduler scheduler, WorldTokenizer tokenizer, ITokenConstraint? constraint, int seed)
    {
        using RwkvXState state = scheduler.Model.CreateState();
        SamplingOptions sampling = new() { Temperature = 0.7f, TopP = 0.8f, Seed = seed, BannedTokens = constraint is null ? [0] : [] };
        using TokenGenerator generator = new(scheduler, state, sampling, constraint: constraint);
        await generator.PrefillAsync(tokenizer.Encode("User: Describe a ship in detail.\n\nAssistant:"), isLast: true, default);
        await generator.NextAsync(4096, default); // its logits are the prefill's
        long started = Stopwatch.GetTimestamp();
        int count = 0;
        while (count < Decoded && generator.CanContinue)
        {
            await generator.NextAsync(4095 - count, default);
            count++;
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / count;
    }

    private static string Spread(List<double> values, string unit = " ms")
    {
        double[] sorted = [.. values.Order()];
        return $"first {values[0]:F3}{unit}, best {sorted[0]:F3}, median {sorted[sorted.Length / 2]:F3}, mean {values.Skip(1).Average():F3}";
    }

    private static string Schema(int seed)
    {
        IEnumerable<string> properties = Enumerable.Range(0, 50).Select(i => $"\"property{i}of{seed}\":{Kinds[i % Kinds.Length]}");
        IEnumerable<string> required = Enumerable.Range(0, 50).Where(i => i % 3 != 0).Select(i => $"\"property{i}of{seed}\"");
        return $$"""{"type":"object","properties":{{{string.Join(',', properties)}}},"required":[{{string.Join(',', required)}}],"additionalProperties":false}""";
    }

    private static string Text(int seed) =>
        "{" + string.Join(", ", Enumerable.Range(0, 50).Select(i => $"\"property{i}of{seed}\": {Values[i % Values.Length]}")) + "}";
}
