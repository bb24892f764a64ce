using System.Text.Json;
using RwkvX.AI.Grammars;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Every text made under a schema parses and obeys it, whatever the logits and however short the limit.</summary>
public sealed class SchemaCorpusTests(ITestOutputHelper output)
{
    private const int SamplesPerSchema = 20;

    /// <summary>Set to a path to have every schema and sample written as lines of JSON, for another validator.</summary>
    private static readonly string? Export = Environment.GetEnvironmentVariable("RWKVX_SCHEMA_SAMPLES");

    [Fact]
    public void Sample_WholeCorpus_AllParseAndObey()
    {
        string[] corpus = [.. SchemaCorpus.All];
        Assert.True(corpus.Length >= 300);
        List<string> problems = [];
        List<string> lines = [];
        int samples = 0;
        int unfinished = 0;
        for (int i = 0; i < corpus.Length; i++)
        {
            using JsonDocument schema = JsonDocument.Parse(corpus[i]);
            var grammar = new TokenGrammar(Grammar.FromJsonSchema(schema.RootElement), Vocabularies.Embedded);
            for (int sample = 0; sample < SamplesPerSchema; sample++)
            {
                var random = new Random((i * 1000) + sample);
                Sampling.Result result = Sampling.Generate(grammar, ChoiceOf(sample, grammar.Vocabulary, random), grammar.MinimumTokens + Spare(sample));
                samples++;
                if (!result.IsComplete)
                {
                    unfinished++;
                    output.WriteLine($"unfinished (choice {sample % 10}, minimum {grammar.MinimumTokens}, spare {Spare(sample)}): {corpus[i]}: {result.Text}");
                }
                else if (SchemaChecker.Explain(schema.RootElement, result.Text) is { } problem) problems.Add($"{corpus[i]}\n{result.Text}\n{problem}");
                lines.Add($"{{\"schema\":{corpus[i]},\"text\":{JsonSerializer.Serialize(result.Text)}}}");
            }
        }

        if (Export is not null) File.WriteAllLines(Export, lines);
        output.WriteLine($"{corpus.Length} schemas, {samples} samples, {unfinished} finished by length, {problems.Count} wrong");
        Assert.Empty(problems);
        Assert.Equal(0, unfinished);
    }

    [Fact]
    public void Sample_WorldVocabulary_AllParseAndObey()
    {
        Assert.SkipUnless(File.Exists(Repository.WorldVocabulary), "the World vocabulary is not part of the repository");
        foreach (string text in SchemaCorpus.All.Where((_, i) => i % 8 == 0))
        {
            using JsonDocument schema = JsonDocument.Parse(text);
            var grammar = new TokenGrammar(Grammar.FromJsonSchema(schema.RootElement), Vocabularies.World);
            for (int sample = 0; sample < 4; sample++)
            {
                Sampling.Result result = Sampling.Generate(grammar, ChoiceOf(sample, grammar.Vocabulary, new Random(sample)), grammar.MinimumTokens + Spare(sample));
                Assert.True(result.IsComplete, text);
                Assert.Null(SchemaChecker.Explain(schema.RootElement, result.Text));
            }
        }
    }

    [Fact]
    public void Sample_HostileVocabulary_AllParseAndObey()
    {
        foreach (string text in SchemaCorpus.All.Where((_, i) => i % 2 == 0))
        {
            using JsonDocument schema = JsonDocument.Parse(text);
            var grammar = new TokenGrammar(Grammar.FromJsonSchema(schema.RootElement), Vocabularies.Hostile);
            for (int sample = 0; sample < 8; sample++)
            {
                Sampling.Result result = Sampling.Generate(grammar, ChoiceOf(sample, grammar.Vocabulary, new Random(sample)), grammar.MinimumTokens + Spare(sample));
                Assert.True(result.IsComplete, text);
                Assert.True(SchemaChecker.Explain(schema.RootElement, result.Text) is null, $"{text}\n{result.Text}");
            }
        }
    }

    /// <summary>A closing's names are other ones than those the vocabulary happens to have tokens for: "a": is one, "c": three.</summary>
    [Theory]
    [InlineData("""{"type":"object","additionalProperties":{"anyOf":[{"type":"object","additionalProperties":{"type":"integer"}},{"type":"integer","minimum":394}]},"minProperties":3,"propertyNames":{"pattern":"^[a-z]+$"}}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"null"},"minProperties":30,"propertyNames":{"pattern":"^[ab]+$"}}""")]
    [InlineData("""{"type":"array","items":{"type":"object","minProperties":2,"additionalProperties":{"type":"object","minProperties":2,"additionalProperties":{"type":"boolean"}}},"minItems":2}""")]
    public void Sample_NamesThatMustDiffer_CloseWithinTheLimit(string text)
    {
        using JsonDocument schema = JsonDocument.Parse(text);
        TokenGrammar grammar = new(Grammar.FromJsonSchema(schema.RootElement), Vocabularies.Hostile);
        for (int sample = 0; sample < 100; sample++)
        {
            Sampling.Result result = Sampling.Generate(grammar, ChoiceOf(sample, grammar.Vocabulary, new Random(sample)), grammar.MinimumTokens + (sample / 4));
            Assert.True(result.IsComplete, $"{sample}: {result.Text}");
            Assert.Null(SchemaChecker.Explain(schema.RootElement, result.Text));
        }
    }

    /// <summary>Half random, half hostile.</summary>
    private static Sampling.Choice ChoiceOf(int sample, TokenVocabulary vocabulary, Random random) => (sample % 10) switch
    {
        0 => Sampling.Longest(vocabulary),
        1 => Sampling.Lowest,
        2 => Sampling.Highest,
        3 => Sampling.Endless(vocabulary, random),
        4 or 5 or 6 => Sampling.Uniform(random),
        _ => Sampling.Lengthwise(vocabulary, random),
    };

    /// <summary>Tokens above the minimum: none, hardly any, some, many.</summary>
    private static int Spare(int sample) => (sample % 5) switch { 0 => 0, 1 => 1 + (sample / 5), 2 => 12, 3 => 40, _ => 90 };
}
