using System.Text.Json;
using RwkvX.AI.Grammars;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

public sealed class FirstTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"],"additionalProperties":false}""")]
    [InlineData("""{"type":"object"}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"},"minProperties":3}""")]
    [InlineData("""{"type":"array","items":{"type":"string","minLength":2,"maxLength":5},"minItems":2,"maxItems":3}""")]
    [InlineData("""{"type":"number","minimum":-1.5,"maximum":12.25}""")]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}}}""")]
    public void Show(string schema)
    {
        using JsonDocument doc = JsonDocument.Parse(schema);
        var grammar = new TokenGrammar(Grammar.FromJsonSchema(doc.RootElement), Vocabularies.Embedded);
        for (int i = 0; i < 6; i++)
        {
            Sampling.Result r = Sampling.Generate(grammar, Sampling.Uniform(new Random(i)), 40);
            output.WriteLine($"min {grammar.MinimumTokens} {r}");
            Assert.True(r.IsComplete);
            JsonDocument.Parse(r.Text).Dispose();
        }
    }
}
