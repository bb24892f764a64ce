using System.Text.Json;
using RwkvX.AI.Grammars;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>What cannot be followed is refused, by name and place.</summary>
public sealed class SchemaErrorTests
{
    private static GrammarException Refuse(string text)
    {
        using JsonDocument schema = JsonDocument.Parse(text);
        return Assert.Throws<GrammarException>(() => Grammar.FromJsonSchema(schema.RootElement));
    }

    [Theory]
    [InlineData("""{"not":{"type":"null"}}""", "not", "#/not")]
    [InlineData("""{"not":{}}""", "not", "#/not")]
    [InlineData("""{"not":{"enum":["a"],"type":"string"}}""", "not", "#/not")]
    [InlineData("""{"not":{"enum":[{"a":1}]}}""", "not", "#/not")]
    [InlineData("""{"not":{"enum":"a"}}""", "not", "#/not")]
    [InlineData("""{"properties":{"a":{"not":{"const":[1]}}}}""", "not", "#/properties/a/not")]
    [InlineData("""{"type":"number","minimum":1e-40}""", "minimum", "#/minimum")]
    [InlineData("""{"type":"number","maximum":0.99999999999999999999999999999999}""", "maximum", "#/maximum")]
    [InlineData("""{"type":"number","multipleOf":1e-40}""", "multipleOf", "#/multipleOf")]
    [InlineData("""{"if":true,"then":true}""", "if", "#/if")]
    [InlineData("""{"type":"array","contains":{}}""", "contains", "#/contains")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "uniqueItems", "#/uniqueItems")]
    [InlineData("""{"properties":{"a":{"items":{"dependentRequired":{}}}}}""", "dependentRequired", "#/properties/a/items/dependentRequired")]
    [InlineData("""{"unevaluatedProperties":false}""", "unevaluatedProperties", "#/unevaluatedProperties")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"$dynamicRef":"#x"}}}""", "$dynamicRef", "#/$defs/a/$dynamicRef")]
    [InlineData("""{"properties":{"a/b~c":{"madeUp":1}}}""", "madeUp", "#/properties/a~1b~0c/madeUp")]
    [InlineData("""{"anyOf":[{"type":"null"},{"else":{}}]}""", "else", "#/anyOf/1/else")]
    [InlineData("""{"$ref":"https://example.org/x"}""", "$ref", "#/$ref")]
    [InlineData("""{"$ref":"#/$defs/missing"}""", "$ref", "#/$ref")]
    [InlineData("""{"allOf":[{"$ref":"#"}]}""", "$ref", "#/allOf/0/$ref")]
    [InlineData("""{"type":"strin"}""", "type", "#/type")]
    [InlineData("""{"type":"string","format":"stardate"}""", "format", "#/format")]
    [InlineData("""{"type":"string","contentEncoding":"base32"}""", "contentEncoding", "#/contentEncoding")]
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "pattern", "#/pattern")]
    [InlineData("""{"type":"string","pattern":"(a)\\1"}""", "pattern", "#/pattern")]
    [InlineData("""{"type":"string","pattern":"["}""", "pattern", "#/pattern")]
    [InlineData("""{"type":"string","minLength":-1}""", "minLength", "#/minLength")]
    [InlineData("""{"type":"string","minLength":"3"}""", "minLength", "#/minLength")]
    [InlineData("""{"type":"number","exclusiveMinimum":true}""", "exclusiveMinimum", "#/exclusiveMinimum")]
    [InlineData("""{"type":"number","multipleOf":0}""", "multipleOf", "#/multipleOf")]
    [InlineData("""{"type":"integer","multipleOf":1000003}""", "multipleOf", "#/multipleOf")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "oneOf", "#/oneOf/1")]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"a":{"type":"integer"}}},{"type":"object","properties":{"b":{"type":"integer"}}}]}""", "oneOf", "#/oneOf/1")]
    [InlineData("""{"patternProperties":{"^a":{},"a$":{}}}""", "patternProperties", "#/patternProperties")]
    [InlineData("""{"patternProperties":{"^a":{}},"additionalProperties":{"type":"null"}}""", "additionalProperties", "#/additionalProperties")]
    [InlineData("""{"propertyNames":{"enum":["a"]}}""", "propertyNames", "#/propertyNames")]
    public void FromJsonSchema_NotSupported_NamesKeywordAndPointer(string schema, string keyword, string pointer)
    {
        GrammarException e = Refuse(schema);
        Assert.Equal((keyword, pointer), (e.Keyword, e.Location));
        Assert.Contains(pointer, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"const":"\ud800"}""", "#/const")]
    [InlineData("""{"type":"object","properties":{"a":{"enum":["b","\udc00\ud800"]}}}""", "#/properties/a/enum/1")]
    [InlineData("""{"type":"object","properties":{"\ud800":{}}}""", "#/properties")]
    [InlineData("""{"type":"string","pattern":"\ud83d"}""", "#/pattern")]
    public void FromJsonSchema_HalfASurrogatePair_IsRefused(string schema, string pointer)
    {
        GrammarException e = Refuse(schema);
        Assert.Equal(pointer, e.Location);
        Assert.Contains("surrogate", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""")]
    [InlineData("""{"type":"integer","exclusiveMinimum":1,"exclusiveMaximum":2}""")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""")]
    [InlineData("""{"type":"string","pattern":"^a$","minLength":2}""")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"integer"}]}""")]
    [InlineData("""{"enum":[]}""")]
    [InlineData("""{"enum":["a"],"type":"integer"}""")]
    [InlineData("""{"type":"object","required":["a"],"additionalProperties":false}""")]
    [InlineData("""{"type":"object","properties":{"a":false},"required":["a"]}""")]
    [InlineData("""{"type":"array","items":false,"minItems":1}""")]
    [InlineData("""{"type":"object","properties":{"me":{"$ref":"#"}},"required":["me"]}""")]
    public void FromJsonSchema_NothingObeys_IsRefused(string schema) =>
        Assert.Contains("no finite text", Refuse(schema).Message, StringComparison.Ordinal);

    /// <summary>A schema of a few bytes must not take minutes or gigabytes.</summary>
    [Theory]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2147483647}""", "#: the shortest text")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":{"type":"array","items":{"type":"null"},"minItems":10000},"minItems":10000}}}""", "#/properties/a")]
    [InlineData("""{"type":"string","minLength":2147483647}""", "minLength")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$","maxLength":2147483647}""", "#/maxLength")]
    [InlineData("""{"type":"object","minProperties":2147483647}""", "no finite text")]
    [InlineData("""{"type":"string","pattern":"^((a{1000}){1000}){1000}$"}""", "too large")]
    [InlineData("""{"type":"string","pattern":"^(a|aa|aaa){1,1000}$"}""", "too large")]
    [InlineData("""{"type":"string","pattern":"(a|b)*a(a|b){30}$"}""", "automaton states")]
    public void FromJsonSchema_BeyondAllMeasure_IsRefused(string schema, string message) =>
        Assert.Contains(message, Refuse(schema).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1001, 0, "optional")]
    [InlineData(600, 300, "counted")]
    public void FromJsonSchema_MorePropertiesThanCanBeOrdered_IsRefused(int count, int least, string message)
    {
        string properties = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"p{i}\":true"));
        GrammarException e = Refuse($"{{\"type\":\"object\",\"properties\":{{{properties}}},\"minProperties\":{least}}}");
        Assert.Equal("#/properties", e.Location);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromJsonSchema_ReferenceToItselfAmongBranches_IsRefused() =>
        Assert.Contains("left recursion", Refuse("""{"anyOf":[{"$ref":"#"},{"type":"null"}]}""").Message, StringComparison.Ordinal);

    [Fact]
    public void FromJsonSchema_DeeperThanReadersAllow_IsRefused()
    {
        string schema = """{"type":"null"}""";
        for (int i = 0; i < 70; i++) schema = $$"""{"type":"array","items":{{schema}},"minItems":1}""";
        using JsonDocument document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = 256 });
        GrammarException e = Assert.Throws<GrammarException>(() => Grammar.FromJsonSchema(document.RootElement));
        Assert.Contains("70", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("[]")]
    [InlineData("""{"items":[{}]}""")]
    public void FromJsonSchema_NoSchema_IsRefused(string schema) =>
        Assert.Contains("expected a schema", Refuse(schema).Message, StringComparison.Ordinal);
}
