using System.Globalization;
using System.Text.Json;
using RwkvX.AI.Grammars;
using Xunit;
using Tokenizers = RwkvX.AI.Tests.Tokenization.Vocabularies;

namespace RwkvX.AI.Tests.Grammars;

public sealed class GrammarCacheTests
{
    private static GrammarCache NewCache() => new(Tokenizers.Embedded, 4096, 0, "\n\n");

    [Fact]
    public void Get_EqualSources_GivesOneGrammar()
    {
        GrammarCache cache = NewCache();
        Assert.Same(cache.Get(GrammarSource.AnyObject), cache.Get(new GrammarSource(GrammarNotation.JsonSchema, """{"type":"object"}""")));
        Assert.NotSame(cache.Get(new GrammarSource(GrammarNotation.Regex, "a")), cache.Get(new GrammarSource(GrammarNotation.Text, "a ::= \"a\"\nroot ::= a")));
        JsonElement schema = JsonDocument.Parse("""{"type":"object"}""").RootElement;
        CallGrammar calls = new("<a>", "</a>", [new CallableFunction("f", schema)]);
        Assert.Same(cache.Get(calls), cache.Get(calls with { Functions = [new CallableFunction("f", schema)] }));
        Assert.NotSame(cache.Get(calls), cache.Get(calls with { AllowsMany = true }));
        Assert.NotSame(cache.Get(calls), cache.Get(calls with { Functions = [new CallableFunction("g", schema)] }));
        Assert.Same(cache.Mark("<a>"), cache.Mark("<a>"));
    }

    [Fact]
    public void Get_ManySources_KeepsThoseUsedLast()
    {
        GrammarCache cache = NewCache();
        TokenGrammar Get(int i) => cache.Get(new GrammarSource(GrammarNotation.Regex, i.ToString(CultureInfo.InvariantCulture)));
        TokenGrammar first = Get(0), second = Get(1);
        for (int i = 2; i < GrammarCache.Capacity + 1; i++)
        {
            Get(i);
            Assert.Same(first, Get(0));
        }

        Assert.Equal(GrammarCache.Capacity, cache.Count);
        Assert.NotSame(second, Get(1));
    }

    [Fact]
    public void Get_BrokenSource_ThrowsEachTime()
    {
        GrammarCache cache = NewCache();
        GrammarSource broken = new(GrammarNotation.JsonSchema, """{"not":{}}""");
        Assert.Throws<GrammarException>(() => cache.Get(broken));
        Assert.Throws<GrammarException>(() => cache.Get(broken));
    }

    [Fact]
    public void Get_FromManyThreads_CompilesOnce()
    {
        GrammarCache cache = NewCache();
        TokenGrammar[] all = new TokenGrammar[16];
        Parallel.For(0, all.Length, i => all[i] = cache.Get(GrammarSource.AnyObject));
        Assert.Single(all.Distinct());
    }

    [Fact]
    public void Warm_AnyVocabulary_FollowsOneText()
    {
        GrammarCache cache = NewCache();
        cache.Warm();
        cache.Warm();
        Assert.Equal(1, cache.Count);
    }

    [Fact]
    public void Vocabulary_BlankLineOfOneToken_EndsATextToo() => Assert.Equal([0, Tokenizers.Embedded.Encode("\n\n")[0]], NewCache().Vocabulary.EndOfText);
}
