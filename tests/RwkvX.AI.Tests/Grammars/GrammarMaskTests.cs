using System.Text.Json;
using FsCheck.Xunit;
using RwkvX.AI.Grammars;
using RwkvX.AI.Grammars.Masks;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>The cached mask against its slow twin, which tries every token byte by byte, and what the mask promises near the limit.</summary>
public sealed class GrammarMaskTests
{
    private const int Steps = 12;

    private static readonly Lazy<TokenGrammar[]> Grammars = new(() => [.. SchemaCorpus.HandWritten
        .Concat(Enumerable.Range(1, 30).Select(seed => new SchemaGenerator(seed).Make()))
        .Select((text, i) => new TokenGrammar(Parse(text), i % 3 == 0 ? Vocabularies.Embedded : Vocabularies.Hostile))]);

    private static Grammar Parse(string text)
    {
        using JsonDocument schema = JsonDocument.Parse(text);
        return Grammar.FromJsonSchema(schema.RootElement);
    }

    [Property(MaxTest = 150)]
    public void FillMask_AmpleLimit_EqualsTryingEveryToken(uint which, int seed)
    {
        TokenGrammar grammar = Grammars.Value[which % Grammars.Value.Length];
        GrammarConstraint constraint = grammar.CreateConstraint(int.MaxValue);
        var mask = new ulong[grammar.Vocabulary.MaskWords];
        var random = new Random(seed);
        Sampling.Choice choice = Sampling.Lengthwise(grammar.Vocabulary, random);
        for (int step = 0; step < Steps && constraint.CanContinue; step++)
        {
            constraint.FillMask(mask, int.MaxValue);
            for (int token = 0; token < grammar.Vocabulary.Count; token++) Assert.Equal(constraint.Allows(token), TokenSet.Contains(mask, token));
            constraint.Accept(choice(Sampling.Allowed(mask), step));
        }
    }

    [Property(MaxTest = 100)]
    public void FillMask_TightLimit_LeavesTokensAfterWhichTheTextCanBeClosed(uint which, int seed, byte spare)
    {
        TokenGrammar grammar = Grammars.Value[which % Grammars.Value.Length];
        int limit = grammar.MinimumTokens + (spare % 24);
        GrammarConstraint constraint = grammar.CreateConstraint(limit);
        var mask = new ulong[grammar.Vocabulary.MaskWords];
        var random = new Random(seed);
        for (int left = limit; left > 0 && constraint.CanContinue; left--)
        {
            constraint.FillMask(mask, left);
            List<int> allowed = Sampling.Allowed(mask);
            Assert.NotEmpty(allowed);
            foreach (int token in allowed.OrderBy(_ => random.Next()).Take(20))
            {
                GrammarConstraint tried = constraint.Clone();
                Assert.True(tried.Allows(token));
                tried.Accept(token);
                Assert.InRange(tried.TokensToClose, 0, left - 1);
            }

            constraint.Accept(allowed[random.Next(allowed.Count)]);
        }

        Assert.True(constraint.IsComplete);
    }

    [Fact]
    public void FillMask_LimitEqualsClosing_ForcesIt()
    {
        var grammar = new TokenGrammar(Parse("""{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}"""), Vocabularies.Of("{\"name\":\""));
        var mask = new ulong[grammar.Vocabulary.MaskWords];
        GrammarConstraint constraint = grammar.CreateConstraint(3);
        Assert.Equal(3, grammar.MinimumTokens); // {"name":"  "  }
        constraint.FillMask(mask, 3);
        Assert.Equal([257], Sampling.Allowed(mask));
    }

    [Fact]
    public void CreateConstraint_LimitBelowMinimum_NamesBothNumbers()
    {
        var grammar = new TokenGrammar(Parse("""{"const":"abcdef"}"""), Vocabularies.Of());
        GrammarLimitException e = Assert.Throws<GrammarLimitException>(() => grammar.CreateConstraint(7));
        Assert.Equal((8, 7), (e.RequiredTokens, e.TokenLimit));
        Assert.Contains("8", e.Message, StringComparison.Ordinal);
        Assert.Contains("7", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Accept_TokenNotAllowed_Throws()
    {
        GrammarConstraint constraint = new TokenGrammar(Parse("""{"const":1}"""), Vocabularies.Of()).CreateConstraint(9);
        Assert.Throws<InvalidOperationException>(() => constraint.Accept('x' + 1));
        constraint.Accept('1' + 1);
        Assert.True(constraint.IsComplete);
        Assert.False(constraint.CanContinue);
        Assert.Throws<InvalidOperationException>(() => constraint.Accept('1' + 1));
    }

    [Fact]
    public void EndOfText_OnlyWhereComplete_IsAllowed()
    {
        var grammar = new TokenGrammar(Parse("""{"type":"integer"}"""), Vocabularies.Of());
        GrammarConstraint constraint = grammar.CreateConstraint(9);
        var mask = new ulong[grammar.Vocabulary.MaskWords];
        constraint.FillMask(mask, 9);
        Assert.False(TokenSet.Contains(mask, 0));
        constraint.Accept('4' + 1);
        constraint.FillMask(mask, 8);
        Assert.True(TokenSet.Contains(mask, 0));
        constraint.Accept(0);
        Assert.False(constraint.CanContinue);
    }

    [Fact]
    public void Constructor_VocabularyLacksABytes_NamesIt()
    {
        List<ReadOnlyMemory<byte>> entries = [ReadOnlyMemory<byte>.Empty, "1"u8.ToArray(), "2"u8.ToArray()];
        GrammarException e = Assert.Throws<GrammarException>(() => new TokenGrammar(Grammar.FromRegex("[123]"), new TokenVocabulary(entries, 0)));
        Assert.Contains("0x33", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constraints_ManyAtOnce_DoNotDisturbEachOther()
    {
        var shared = new TokenGrammar(Parse("""{"type":"object"}"""), Vocabularies.Hostile);
        string[] alone = [.. Enumerable.Range(0, 8).Select(Run)];
        string[] together = new string[8];
        Parallel.For(0, 8, i => together[i] = Run(i));
        Assert.Equal(alone, together);

        string Run(int seed) => Sampling.Generate(shared, Sampling.Uniform(new Random(seed)), 60).Text;
    }

    [Fact]
    public void Generate_MoreConfigurationsThanAreKept_GoesOn()
    {
        var grammar = new TokenGrammar(Parse("""{"type":"object","additionalProperties":{"type":"null"}}"""), Vocabularies.Hostile);
        for (int seed = 0; seed < 30; seed++)
        {
            Sampling.Result result = Sampling.Generate(grammar, Sampling.Endless(grammar.Vocabulary, new Random(seed)), 120);
            Assert.True(result.IsComplete);
            JsonDocument.Parse(result.Text, new JsonDocumentOptions { AllowDuplicateProperties = false }).Dispose();
        }
    }
}
