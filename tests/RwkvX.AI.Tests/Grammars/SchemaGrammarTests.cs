using System.ComponentModel;
using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Grammars;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Single texts and what schemas make of them; and the schemas that .NET itself writes.</summary>
public sealed class SchemaGrammarTests
{
    private static readonly TokenVocabulary Bytes = Vocabularies.Of();

    internal static bool Accepts(Grammar grammar, string text)
    {
        GrammarConstraint constraint = new TokenGrammar(grammar, Bytes).CreateConstraint(int.MaxValue);
        foreach (byte value in System.Text.Encoding.UTF8.GetBytes(text))
        {
            if (!constraint.Allows(value + 1)) return false;
            constraint.Accept(value + 1);
        }

        return constraint.IsComplete;
    }

    private static Grammar Parse(string text)
    {
        using JsonDocument schema = JsonDocument.Parse(text);
        return Grammar.FromJsonSchema(schema.RootElement);
    }

    [Theory]
    [InlineData("""{"type":"integer","minimum":-12,"maximum":345}""", "-12 0 345 99 -1", "-13 346 007 -0 1.0 1e1 -")]
    [InlineData("""{"type":"integer","exclusiveMinimum":9,"exclusiveMaximum":101}""", "10 100", "9 101 1000")]
    [InlineData("""{"type":"number","minimum":0.5,"maximum":2}""", "0.5 0.50 1 1.999 2 2.0", "0.49 2.01 0 -1 .5 2.")]
    [InlineData("""{"type":"number","exclusiveMinimum":-1.25,"maximum":-0.5}""", "-1.24 -0.5 -1", "-1.25 -0.4 0 1")]
    [InlineData("""{"type":"number","multipleOf":0.25}""", "0 0.25 -1.5 3 10.75", "0.1 0.255 1.3")]
    [InlineData("""{"type":"integer","multipleOf":7,"minimum":20}""", "21 70 700", "14 22 0")]
    [InlineData("""{"type":"number"}""", "0 -1.5 2e9 1.5E-3 123456789012345", "01 +1 1. e5 NaN 1234567890123456")]
    public void Numbers_AgainstBounds_AreTaken(string schema, string yes, string no)
    {
        Grammar grammar = Parse(schema);
        Assert.All(yes.Split(' '), text => Assert.True(Accepts(grammar, text), text));
        Assert.All(no.Split(' '), text => Assert.False(Accepts(grammar, text), text));
    }

    [Theory]
    [InlineData("\"\"", true)]
    [InlineData("\"é😀\\n\\u00e9\\uD83D\\ude00\\/\"", true)]
    [InlineData("\"\\ud83d\"", false)]
    [InlineData("\"\\ude00\"", false)]
    [InlineData("\"\\x\"", false)]
    [InlineData("\"a\nb\"", false)]
    [InlineData("\"a", false)]
    public void Strings_AnyCharacters_AreValidJson(string text, bool expected) => Assert.Equal(expected, Accepts(Parse("""{"type":"string"}"""), text));

    [Theory]
    [InlineData("""{"a":1,"c":2}""", true)]
    [InlineData("{\n\"a\": 1, \"b\": 1 }", true)]
    [InlineData("""{"b":1,"a":1}""", false)]
    [InlineData("""{"a":1,"a":1}""", false)]
    [InlineData("""{"b":1}""", false)]
    [InlineData("""{"a":1,"d":1}""", false)]
    [InlineData("""{"a":1,}""", false)]
    [InlineData("""{"a":  1}""", false)]
    public void Objects_DeclaredProperties_InOrderAndOnce(string text, bool expected) => Assert.Equal(expected, Accepts(
        Parse("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":"integer"}},"required":["a"]}"""), text));

    [Theory]
    [InlineData("""{"x":1,"y":1,"xy":1}""", true)]
    [InlineData("""{"x":1,"x":1}""", false)]
    [InlineData("""{"own":"s","x":1}""", true)]
    [InlineData("""{"own":1}""", false)]
    [InlineData("""{"x":1,"own":1}""", false)]
    [InlineData("""{"\u0078":1}""", false)]
    public void Objects_FreeNames_AreNewEachTime(string text, bool expected) => Assert.Equal(expected, Accepts(
        Parse("""{"type":"object","properties":{"own":{"type":"string"}},"additionalProperties":{"type":"integer"}}"""), text));

    [Fact]
    public void Recursion_AtTheLimitOfDepth_Closes()
    {
        Grammar grammar = Parse("""{"type":"array","items":{"$ref":"#"}}""");
        Assert.True(Accepts(grammar, new string('[', 64) + new string(']', 64)));
        Assert.False(Accepts(grammar, new string('[', 65) + new string(']', 65)));
        Sampling.Result result = Sampling.Generate(new TokenGrammar(grammar, Vocabularies.Hostile), Sampling.Longest(Vocabularies.Hostile), 400);
        Assert.True(result.IsComplete);
        JsonDocument.Parse(result.Text).Dispose();
    }

    [Fact]
    public void Enum_TenThousandValues_CompilesAndHolds()
    {
        string values = string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"value {i * 7919 % 10_007}\""));
        Grammar grammar = Parse($$"""{"enum":[{{values}}]}""");
        Assert.True(Accepts(grammar, "\"value 7919\""));
        Assert.False(Accepts(grammar, "\"value 99999\""));
    }

    [Fact]
    public void Branches_SharingABeginning_AreFollowedSideBySide()
    {
        Grammar grammar = Parse("""
            {"anyOf":[{"type":"object","properties":{"k":{"type":"string"},"a":{"type":"integer"}},"required":["k","a"]},
                      {"type":"object","properties":{"k":{"enum":["x","y"]},"b":{"type":"null"}},"required":["k","b"]}]}
            """);
        Assert.True(Accepts(grammar, """{"k":"x","a":1}"""));
        Assert.True(Accepts(grammar, """{"k":"x","b":null}"""));
        Assert.False(Accepts(grammar, """{"k":"z","b":null}"""));
    }

    [Fact]
    public void FromJsonSchema_OfDotNetTypes_ReadsBackAsTheType()
    {
        JsonElement schema = AIJsonUtilities.CreateJsonSchema(typeof(Order), serializerOptions: AIJsonUtilities.DefaultOptions);
        var grammar = new TokenGrammar(Grammar.FromJsonSchema(schema), Vocabularies.Embedded);
        for (int seed = 0; seed < 40; seed++)
        {
            Sampling.Choice choice = seed % 2 == 0 ? Sampling.Uniform(new Random(seed)) : Sampling.Lengthwise(grammar.Vocabulary, new Random(seed));
            Sampling.Result result = Sampling.Generate(grammar, choice, grammar.MinimumTokens + (seed * 20));
            Assert.True(result.IsComplete);
            Assert.Null(SchemaChecker.Explain(schema, result.Text));
            using JsonDocument _ = JsonDocument.Parse(result.Text);
            Order? order = JsonSerializer.Deserialize<Order>(ShortIntegers(result.Text), AIJsonUtilities.DefaultOptions);
            Assert.NotNull(order);
        }
    }

    /// <summary>The exporter writes "integer" for int: values beyond its range obey the schema and not the type.</summary>
    private static string ShortIntegers(string json) => System.Text.RegularExpressions.Regex.Replace(json, @"(?<=[:\[,\s]-?\d{9})\d+(?=\s?[,\]}])", "");

    internal enum Colour
    {
        Red, Green, Blue,
    }

    [Description("An order with everything that is common.")]
    internal sealed record Order(
        int Id, string Name, DateTimeOffset PlacedAt, DateOnly Due, Guid Key, Colour Colour, Colour? Second, double Weight, bool IsGift, string? Note,
        IReadOnlyList<Item> Items, Dictionary<string, int> Counts, Uri? Link, Item? Best);

    internal sealed record Item([property: Description("What it is called.")] string Title, decimal Price, Item? PartOf = null);
}
