using System.Text.Json;
using RwkvX.AI.Grammars;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Schemas of the corpus with a part put wrong: each is followed exactly or refused by a <see cref="GrammarException"/>, and by nothing else.</summary>
public sealed class SchemaMutationTests(ITestOutputHelper output)
{
    /// <summary>How many; RWKVX_SCHEMA_MUTATIONS sets another number.</summary>
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_SCHEMA_MUTATIONS"), out int count) ? count : 1500;

    [Fact]
    public void FromJsonSchema_MutatedSchemas_AreFollowedOrRefused()
    {
        string[] corpus = [.. SchemaCorpus.All];
        (int followed, int refused) = (0, 0);
        for (int seed = 0; seed < Count; seed++)
        {
            string text = new SchemaMutation(seed).Of(corpus[seed * 7 % corpus.Length]);
            using JsonDocument schema = JsonDocument.Parse(text);
            try
            {
                TokenGrammar grammar = new(Grammar.FromJsonSchema(schema.RootElement), Vocabularies.Embedded);
                Sampling.Result result = Sampling.Generate(grammar, Sampling.Lengthwise(grammar.Vocabulary, new Random(seed)), grammar.MinimumTokens + 20);
                Assert.True(result.IsComplete, text);
                Assert.True(SchemaChecker.Explain(schema.RootElement, result.Text) is null, $"{text}\n{result.Text}");
                followed++;
            }
            catch (GrammarException e)
            {
                Assert.False(string.IsNullOrWhiteSpace(e.Message));
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {text}\n{e}");
            }
        }

        output.WriteLine($"{followed} followed, {refused} refused");
        Assert.True(followed > Count / 10 && refused > Count / 10, $"{followed} followed, {refused} refused: too few of one kind to mean anything");
    }
}
