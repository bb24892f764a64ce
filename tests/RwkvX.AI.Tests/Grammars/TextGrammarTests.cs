using RwkvX.AI.Grammars;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

public sealed class TextGrammarTests
{
    private const string Arithmetic = """
        # sums of products
        root    ::= sum
        sum     ::= product (("+" | "-") product)*
        product ::= factor
                  | factor "*" product   # right recursion
        factor  ::= [0-9]+ | "(" sum ")"
        """;

    [Theory]
    [InlineData("1", true)]
    [InlineData("12+3*(4-5)", true)]
    [InlineData("((((7))))", true)]
    [InlineData("1+", false)]
    [InlineData("(1", false)]
    [InlineData("", false)]
    public void FromText_Arithmetic_IsFollowed(string text, bool expected) => Assert.Equal(expected, SchemaGrammarTests.Accepts(Grammar.FromText(Arithmetic), text));

    [Theory]
    [InlineData("root ::= \"a\"{2,3} [^a-y]? . \"\\x41\\u00e9\\n\"", "aaz!Aé\n", true)]
    [InlineData("root ::= \"a\"{2,3}", "aaaa", false)]
    [InlineData("root ::= \"a\"{2,3}", "aaa", true)]
    [InlineData("root ::= (\"ab\" | \"a\"){3}", "aabab", true)]
    [InlineData("root ::= \"a\"{2,}", "aaaaaaaaaaaa", true)]
    [InlineData("root ::= \"a\"{0,1} \"b\"", "b", true)]
    [InlineData("root ::= [\\]a\\-]+", "]-a", true)]
    [InlineData("root ::= item (\",\" item)*\nitem ::= \"x\" | \"y\"", "x,y,x", true)]
    public void FromText_Notation_IsRead(string grammar, string text, bool expected) =>
        Assert.Equal(expected, SchemaGrammarTests.Accepts(Grammar.FromText(grammar), text));

    [Theory]
    [InlineData("start ::= \"a\"", "no rule 'root'")]
    [InlineData("root ::= other", "'other'")]
    [InlineData("root ::= root \"a\" | \"a\"", "left recursion")]
    [InlineData("root ::= a \"x\"\na ::= b\nb ::= a | \"y\"", "left recursion")]
    [InlineData("root ::= (\"a\"?)*", "")]
    [InlineData("root ::= e*\ne ::= \"a\"?", "a repeated part may be empty")]
    [InlineData("root ::= \"a\" root", "no finite text")]
    [InlineData("root ::= \"a", "1:")]
    [InlineData("root ::= \"b\"\nx ::= (\"a\"", "2:")]
    [InlineData("root = \"a\"", "'::='")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "twice")]
    public void FromText_Malformed_SaysWhereOrWhy(string grammar, string expected)
    {
        if (expected.Length == 0)
        {
            Assert.True(SchemaGrammarTests.Accepts(Grammar.FromText(grammar), "aa"));
            return;
        }

        Assert.Contains(expected, Assert.Throws<GrammarException>(() => Grammar.FromText(grammar)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromText_Ambiguous_GeneratesAndCloses()
    {
        var grammar = new TokenGrammar(Grammar.FromText("root ::= a+\na ::= \"x\" | \"xx\" | \"(\" root \")\""), Vocabularies.Of("xxx", "((", "))", "x)"));
        for (int seed = 0; seed < 30; seed++)
        {
            Sampling.Result result = Sampling.Generate(grammar, Sampling.Uniform(new Random(seed)), 25);
            Assert.True(result.IsComplete);
            Assert.Equal(result.Text.Count(c => c == '('), result.Text.Count(c => c == ')'));
        }
    }

    [Fact]
    public void FromText_DeepRecursion_StopsAtTheLimit()
    {
        var grammar = new TokenGrammar(Grammar.FromText("root ::= \"(\" root \")\" | \"x\""), Vocabularies.Of("(((((((("));
        Sampling.Result result = Sampling.Generate(grammar, Sampling.Longest(grammar.Vocabulary), 2000);
        Assert.True(result.IsComplete);
        Assert.InRange(result.Text.Count(c => c == '('), 200, Grammar.MaxTextDepth);
    }
}
