using System.Text.Json.Nodes;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Makes schemas from a seed: every supported keyword comes up, alone and within others.</summary>
internal sealed class SchemaGenerator(int seed)
{
    private static readonly string[] Names = ["a", "id", "name", "names", "naïve", "ключ", "名前", "with space", "quo\"te", "back\\slash", "x1", "x2", "😀"];

    private static readonly string[] Patterns = ["^[a-z]{2,5}$", "foo", "^x", "y$", "^(red|green|blue)$", @"^\d{3}-\d{4}$", @"^[^""\\]{1,4}$", @"\w+@\w+", "^a*b+c?$", @"^\s\S$"];

    private static readonly string[] Formats = ["date", "time", "date-time", "duration", "uuid", "email", "hostname", "ipv4", "ipv6", "uri"];

    private readonly Random _random = new(seed);

    public string Make()
    {
        JsonObject schema = Schema(0);
        if (_random.Next(4) == 0 && schema["$ref"] is null)
        {
            schema["$defs"] = new JsonObject { ["node"] = Recursive(), ["leaf"] = Scalar() };
            if (schema["properties"] is JsonObject properties) properties["linked"] = new JsonObject { ["$ref"] = "#/$defs/node" };
        }

        return schema.ToJsonString();
    }

    private bool Maybe(int oneIn = 2) => _random.Next(oneIn) == 0;

    private T Pick<T>(T[] options) => options[_random.Next(options.Length)];

    private JsonObject Schema(int depth) => (depth < 3 ? _random.Next(10) : 9) switch
    {
        0 or 1 or 2 => Object(depth),
        3 => Map(depth),
        4 or 5 => Array(depth),
        6 => AnyOf(depth),
        7 => OneOf(depth),
        8 => AllOf(depth),
        _ => Scalar(),
    };

    private JsonObject Scalar() => _random.Next(8) switch
    {
        0 => Integer(),
        1 => Number(),
        2 => Text(),
        3 => new JsonObject { ["type"] = "string", ["pattern"] = Pick(Patterns) },
        4 => new JsonObject { ["type"] = "string", ["format"] = Pick(Formats), ["description"] = "a format" },
        5 => new JsonObject { ["enum"] = new JsonArray("one", "two", 3, 4.5, true, null, "fünf") },
        6 => new JsonObject { ["type"] = Maybe() ? "boolean" : "null" },
        _ => new JsonObject { ["type"] = new JsonArray("string", "null") },
    };

    private JsonObject Integer()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        int low = _random.Next(-500, 500);
        if (Maybe()) schema["minimum"] = low;
        if (Maybe()) schema["maximum"] = low + _random.Next(20, 3000);
        if (Maybe(4)) schema["multipleOf"] = _random.Next(2, 13);
        return schema;
    }

    private JsonObject Number()
    {
        var schema = new JsonObject { ["type"] = "number" };
        decimal low = _random.Next(-9000, 9000) / 100m;
        if (Maybe()) schema[Maybe() ? "minimum" : "exclusiveMinimum"] = low;
        if (Maybe()) schema[Maybe() ? "maximum" : "exclusiveMaximum"] = low + (_random.Next(1, 5000) / 100m);
        if (Maybe(4)) schema["multipleOf"] = Pick((decimal[])[0.01m, 0.5m, 0.25m, 1.5m, 3m]);
        return schema["minimum"] is not null && schema["multipleOf"] is not null ? Number() : schema["exclusiveMinimum"] is not null && schema["multipleOf"] is not null ? Number() : schema;
    }

    private JsonObject Text()
    {
        var schema = new JsonObject { ["type"] = "string" };
        int low = _random.Next(0, 12);
        if (Maybe()) schema["minLength"] = low;
        if (Maybe()) schema["maxLength"] = low + _random.Next(0, 40);
        return schema;
    }

    private JsonObject Object(int depth)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (string name in Names.OrderBy(_ => _random.Next()).Take(_random.Next(0, 6)))
        {
            properties[name] = Schema(depth + 1);
            if (Maybe()) required.Add(name);
        }

        var schema = new JsonObject { ["type"] = Maybe(4) ? new JsonArray("object", "null") : "object", ["properties"] = properties };
        if (required.Count > 0) schema["required"] = required;
        if (Maybe()) schema["additionalProperties"] = Maybe(3) ? Schema(depth + 1) : false;
        if (Maybe(5)) schema["minProperties"] = Math.Min(properties.Count, 2);
        if (Maybe(5)) schema["maxProperties"] = Math.Max(required.Count, 2);
        return schema;
    }

    private JsonObject Map(int depth)
    {
        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = Schema(depth + 1) };
        if (Maybe(3)) schema["minProperties"] = _random.Next(0, 4);
        if (Maybe(3)) schema["maxProperties"] = _random.Next(4, 6);
        if (Maybe(4)) schema["propertyNames"] = new JsonObject { ["pattern"] = "^[a-z]+$" };
        if (!Maybe(5)) return schema;
        return new JsonObject
        {
            ["type"] = "object",
            ["patternProperties"] = new JsonObject { ["^n_"] = Schema(depth + 1), ["^s_"] = Scalar() },
            ["additionalProperties"] = false,
        };
    }

    private JsonObject Array(int depth)
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (Maybe(3)) schema["prefixItems"] = new JsonArray(Scalar(), Schema(depth + 1));
        if (!Maybe(5)) schema["items"] = Schema(depth + 1);
        int low = _random.Next(0, 3);
        if (Maybe()) schema["minItems"] = low;
        if (Maybe()) schema["maxItems"] = low + _random.Next(0, 4);
        return schema;
    }

    private JsonObject AnyOf(int depth) => new() { ["anyOf"] = new JsonArray(Schema(depth + 1), Schema(depth + 1), Scalar()) };

    private JsonObject OneOf(int depth)
    {
        var branches = new JsonArray();
        for (int i = 0; i < _random.Next(2, 4); i++)
        {
            branches.Add(new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = $"kind{i}" }, ["value"] = Schema(depth + 1) },
                ["required"] = new JsonArray("kind"),
            });
        }

        return new JsonObject { ["oneOf"] = branches };
    }

    private JsonObject AllOf(int depth) => new()
    {
        ["allOf"] = new JsonArray(
            new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["left"] = Schema(depth + 1) }, ["required"] = new JsonArray("left") },
            new JsonObject { ["properties"] = new JsonObject { ["right"] = Schema(depth + 1), ["left"] = true } }),
    };

    private static JsonObject Recursive() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["value"] = new JsonObject { ["$ref"] = "#/$defs/leaf" },
            ["children"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["$ref"] = "#/$defs/node" } },
        },
        ["required"] = new JsonArray("value"),
        ["additionalProperties"] = false,
    };
}
