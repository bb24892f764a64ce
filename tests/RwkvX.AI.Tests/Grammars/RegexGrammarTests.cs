using FsCheck.Xunit;
using RwkvX.AI.Grammars;
using RwkvX.AI.Grammars.Patterns;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

public sealed class RegexGrammarTests
{
    private static readonly string[] Patterns =
    [
        "abc", "a|b|", "(ab)*c", "a+b?", "[a-c]{2,3}", "[^ab]", @"\d+\.\d{1,2}", @"^x.*y$", "^a|b$", "a{2}", "a{2,}", "(a|b(c|d){0,2})+", @"\w\s\W",
        "[]a]", @"[\]\-a]", "a??b", "(?:ab|a)(?<n>c)?", @"\x41\u0042", "^$", "", "a.c", "[a-]", "x{,3}", "{", @"\p{Lu}b",
    ];

    private static readonly string[] Alphabet = ["a", "b", "c", "d", "x", "y", "0", "1", ".", " ", "\n", "é", "A", "B", "-", "]", "{", ",", "}", "3"];

    [Property(MaxTest = 2000)]
    public bool Search_AnyText_EqualsDotNet(uint which, uint[] letters)
    {
        string pattern = Patterns[which % Patterns.Length];
        if (pattern is "[]a]") return true; // .NET reads the bracket as a member, ECMAScript as the end of an empty class
        string text = string.Concat(letters.Take(6).Select(letter => Alphabet[letter % Alphabet.Length]));
        string dotNet = pattern.Replace("$", @"\z", StringComparison.Ordinal);
        return RegexAutomaton.Search(pattern).Matches(text) == System.Text.RegularExpressions.Regex.IsMatch(text, dotNet, System.Text.RegularExpressions.RegexOptions.CultureInvariant);
    }

    [Theory]
    [InlineData("[0-9]{4}-[0-9]{2}", "2024-05", true)]
    [InlineData("[0-9]{4}-[0-9]{2}", "2024-051", false)]
    [InlineData("yes|no", "no", true)]
    [InlineData("^(yes|no)$", "yes", true)]
    [InlineData("yes|no", "yesno", false)]
    [InlineData("[äöü😀]+", "ö😀", true)]
    [InlineData(".", "😀", true)]
    public void FromRegex_WholeText_IsMatched(string pattern, string text, bool expected) =>
        Assert.Equal(expected, SchemaGrammarTests.Accepts(Grammar.FromRegex(pattern), text));

    [Theory]
    [InlineData("a(")]
    [InlineData("a)")]
    [InlineData("*a")]
    [InlineData("[a")]
    [InlineData(@"a\")]
    [InlineData(@"\bword")]
    [InlineData("(?!a)b")]
    [InlineData("(?i)a")]
    [InlineData(@"(a)\1")]
    [InlineData("a{3,2}")]
    [InlineData("[b-a]")]
    [InlineData(@"\p{Greek}")]
    [InlineData("a++")]
    [InlineData("a{1,99999}")]
    public void FromRegex_NotRegularOrMalformed_IsRefused(string pattern) => Assert.Throws<GrammarException>(() => Grammar.FromRegex(pattern));

    [Fact]
    public void FromRegex_Generated_Matches()
    {
        var grammar = new TokenGrammar(Grammar.FromRegex(@"(GET|POST) /[a-z]{1,8}(\?id=\d+)? HTTP/1\.[01]"), Vocabularies.Embedded);
        for (int seed = 0; seed < 30; seed++)
        {
            Sampling.Result result = Sampling.Generate(grammar, Sampling.Uniform(new Random(seed)), grammar.MinimumTokens + 10);
            Assert.True(result.IsComplete);
            Assert.Matches(@"^(GET|POST) /[a-z]{1,8}(\?id=\d+)? HTTP/1\.[01]$", result.Text);
        }
    }
}
