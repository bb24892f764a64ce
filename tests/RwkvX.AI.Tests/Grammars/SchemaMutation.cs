using System.Text.Json.Nodes;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Puts one to three parts of a schema wrong: another value, a keyword more, one less, or one under another name.</summary>
internal sealed class SchemaMutation(int seed)
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1", "3", "1.5", "3.0", "1e2", "-0.0", "1e400", "-1e400", "1e-28", "1e-40", "2147483648", "79228162514264337593543950335",
        "7922816251426433.7593543950335", "123456789012345678901234567890.5", "\"\"", "\"a\"", "\"@half@\"", "\"(\"", "\"^[^a-]{3,}$\"", "\"(a|b)*c\"", "\"a{2,1}\"",
        "\"\\\\p{Xx}\"", "\"#\"", "\"#/properties\"", "\"string\"", "\"date\"", "[]", "[1]", "[\"a\",\"a\"]", "[\"@half@\"]", "[null]", "[{}]", "[true,false]",
        "[{\"type\":\"integer\"},{\"type\":\"string\"}]", "{}", "{\"@half@\":{}}", "{\"a\":{\"type\":\"null\"}}", "{\"type\":\"string\",\"maxLength\":3}", "{\"$ref\":\"#\"}",
        "{\"not\":{}}", "{\"enum\":[1e400,\"@half@\",{\"@half@\":1}]}", "{\"const\":\"@half@@half@\"}", "{\"minimum\":0,\"maximum\":9}",
    ];

    private static readonly string[] Keywords =
    [
        "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format",
        "contentEncoding", "items", "prefixItems", "minItems", "maxItems", "uniqueItems", "properties", "required", "additionalProperties",
        "patternProperties", "propertyNames", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "$ref", "$defs", "nullable", "title", "default", "madeUp",
    ];

    private readonly Random _random = new(seed);

    public string Of(string schema)
    {
        JsonNode root = JsonNode.Parse(schema)!;
        for (int i = _random.Next(1, 4); i > 0; i--) root = Mutate(root);
        return (root?.ToJsonString() ?? "null").Replace("@half@", @"\ud800", StringComparison.Ordinal); // which nodes cannot hold
    }

    private JsonNode Mutate(JsonNode root)
    {
        List<JsonNode> places = [];
        Collect(root, places);
        if (places.Count == 0) return Value()!;
        switch (places[_random.Next(places.Count)])
        {
            case JsonArray array when array.Count > 0 && _random.Next(2) == 0:
                array[_random.Next(array.Count)] = Value();
                break;
            case JsonArray array:
                array.Add(Value());
                break;
            case JsonObject { Count: > 0 } known when _random.Next(3) > 0:
                string name = known.ElementAt(_random.Next(known.Count)).Key;
                JsonNode? value = known[name];
                known.Remove(name);
                int kind = _random.Next(4);
                if (kind > 0) known[kind == 1 ? Keyword() : name] = kind == 1 ? value : Value();
                break;
            case JsonObject open:
                open[Keyword()] = Value();
                break;
        }

        return root;
    }

    private string Keyword() => Keywords[_random.Next(Keywords.Length)];

    private JsonNode? Value() => JsonNode.Parse(Values[_random.Next(Values.Length)]);

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        if (node is JsonObject or JsonArray) places.Add(node);
        foreach (JsonNode? child in node switch { JsonObject members => members.Select(member => member.Value), JsonArray items => items, _ => (IEnumerable<JsonNode?>)[] })
            Collect(child, places);
    }
}
