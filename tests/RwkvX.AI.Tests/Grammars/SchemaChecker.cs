using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>
/// A JSON schema validator written for the tests from the text of draft 2020-12, sharing nothing with the engine: values are judged keyword by
/// keyword, patterns by .NET's Regex. Formats are judged by .NET's own parsers.
/// </summary>
internal sealed class SchemaChecker(JsonElement root)
{
    private readonly JsonElement _root = root;

    /// <summary>Why a text does not obey, or null.</summary>
    public static string? Explain(JsonElement schema, string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            Touch(document.RootElement);
            return new SchemaChecker(schema).Check(schema, document.RootElement, "$");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "does not parse: " + e.Message;
        }
    }

    /// <summary>Unescapes every string, which finds lone surrogates.</summary>
    private static void Touch(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) value.GetString();
        if (value.ValueKind == JsonValueKind.Array) foreach (JsonElement item in value.EnumerateArray()) Touch(item);
        if (value.ValueKind != JsonValueKind.Object) return;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            _ = member.Name;
            Touch(member.Value);
        }
    }

    private string? Check(JsonElement schema, JsonElement value, string at)
    {
        if (schema.ValueKind == JsonValueKind.True) return null;
        if (schema.ValueKind == JsonValueKind.False) return at + ": nothing is allowed";
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (CheckKeyword(schema, keyword, value, at) is { } problem) return problem;
        }

        return null;
    }

    private string? CheckKeyword(JsonElement schema, JsonProperty keyword, JsonElement value, string at)
    {
        JsonElement rule = keyword.Value;
        bool holds = keyword.Name switch
        {
            "type" => (rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Any(type => IsOfType(type.GetString()!, value)) : IsOfType(rule.GetString()!, value))
                || (value.ValueKind == JsonValueKind.Null && schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.GetBoolean()),
            "enum" => rule.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
            "const" => JsonElement.DeepEquals(rule, value),
            "anyOf" => rule.EnumerateArray().Any(branch => Check(branch, value, at) is null),
            "oneOf" => rule.EnumerateArray().Count(branch => Check(branch, value, at) is null) == 1,
            "allOf" => rule.EnumerateArray().All(branch => Check(branch, value, at) is null),
            "not" => Check(rule, value, at) is not null,
            "$ref" => Check(Resolve(rule.GetString()!), value, at) is null,
            _ => value.ValueKind switch
            {
                JsonValueKind.Number => NumberHolds(keyword.Name, rule, value),
                JsonValueKind.String => StringHolds(keyword.Name, rule, value.GetString()!),
                JsonValueKind.Array => ArrayHolds(schema, keyword.Name, rule, value, at),
                JsonValueKind.Object => ObjectHolds(schema, keyword.Name, rule, value, at),
                _ => true,
            },
        };
        return holds ? null : $"{at}: breaks {keyword.Name} {rule.GetRawText()}";
    }

    private static bool IsOfType(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && Number(value) % 1 == 0,
        "number" => value.ValueKind == JsonValueKind.Number,
        "string" => value.ValueKind == JsonValueKind.String,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => value.ValueKind == JsonValueKind.Object,
    };

    /// <summary>Exact within a decimal's range; beyond it the end of that range, which no text gets near to.</summary>
    private static decimal Number(JsonElement value) =>
        decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) ? number
        : value.GetDouble() < 0 ? decimal.MinValue : decimal.MaxValue;

    private static bool NumberHolds(string keyword, JsonElement rule, JsonElement value) => keyword switch
    {
        "minimum" => Number(value) >= Number(rule),
        "maximum" => Number(value) <= Number(rule),
        "exclusiveMinimum" => Number(value) > Number(rule),
        "exclusiveMaximum" => Number(value) < Number(rule),
        "multipleOf" => Number(value) % Number(rule) == 0,
        _ => true,
    };

    private static bool StringHolds(string keyword, JsonElement rule, string value) => keyword switch
    {
        "minLength" => value.EnumerateRunes().Count() >= Number(rule),
        "maxLength" => value.EnumerateRunes().Count() <= Number(rule),
        "pattern" => Matches(rule.GetString()!, value),
        "contentEncoding" => Convert.FromBase64String(value) is not null,
        "format" => FormatHolds(rule.GetString()!, value),
        _ => true,
    };

    /// <summary>.NET matches UTF-16 units: a pair of surrogates is shown to it as one character of private use.</summary>
    private static bool Matches(string pattern, string value)
    {
        var text = new StringBuilder();
        foreach (Rune rune in value.EnumerateRunes()) text.Append(rune.IsBmp ? (char)rune.Value : '\uE000');
        return Regex.IsMatch(text.ToString(), pattern.Replace("$", @"\z", StringComparison.Ordinal).Replace(@"\\z", @"\$", StringComparison.Ordinal), RegexOptions.CultureInvariant);
    }

    private static bool FormatHolds(string format, string value) => format switch
    {
        "date" => DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "time" => TimeOnly.TryParse(value, CultureInfo.InvariantCulture, out _),
        "date-time" => JsonSerializer.Deserialize<DateTimeOffset>(JsonSerializer.Serialize(value)) != default,
        "duration" => System.Xml.XmlConvert.ToTimeSpan(value.EndsWith('W') ? "P1D" : value) >= TimeSpan.Zero,
        "uuid" => Guid.TryParseExact(value, "D", out _),
        "email" => System.Net.Mail.MailAddress.TryCreate(value, out _),
        "hostname" => Uri.CheckHostName(value) == UriHostNameType.Dns,
        "ipv4" => System.Net.IPAddress.TryParse(value, out System.Net.IPAddress? v4) && v4.ToString() == value,
        "ipv6" => System.Net.IPAddress.TryParse(value, out System.Net.IPAddress? v6) && v6.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6,
        "uri" => Uri.TryCreate(value, UriKind.Absolute, out _),
        "uri-reference" => Uri.TryCreate(value, UriKind.RelativeOrAbsolute, out _),
        _ => true,
    };

    private bool ArrayHolds(JsonElement schema, string keyword, JsonElement rule, JsonElement value, string at)
    {
        int count = value.GetArrayLength();
        int prefix = schema.TryGetProperty("prefixItems", out JsonElement own) ? own.GetArrayLength() : 0;
        return keyword switch
        {
            "minItems" => count >= Number(rule),
            "maxItems" => count <= Number(rule),
            "prefixItems" => Enumerable.Range(0, Math.Min(count, prefix)).All(i => Check(rule[i], value[i], at) is null),
            "items" => Enumerable.Range(0, count).Skip(prefix).All(i => Check(rule, value[i], at) is null),
            _ => true,
        };
    }

    private bool ObjectHolds(JsonElement schema, string keyword, JsonElement rule, JsonElement value, string at)
    {
        List<JsonProperty> members = [.. value.EnumerateObject()];
        return keyword switch
        {
            "required" => rule.EnumerateArray().All(name => members.Any(member => member.Name == name.GetString())),
            "minProperties" => members.Count >= Number(rule),
            "maxProperties" => members.Count <= Number(rule),
            "properties" => members.All(member => !rule.TryGetProperty(member.Name, out JsonElement own) || Check(own, member.Value, at) is null),
            "patternProperties" => rule.EnumerateObject().All(pattern =>
                members.Where(member => Matches(pattern.Name, member.Name)).All(member => Check(pattern.Value, member.Value, at) is null)),
            "propertyNames" => members.All(member => Check(rule, JsonSerializer.SerializeToElement(member.Name), at) is null),
            "additionalProperties" => members.Where(member => !IsKnown(schema, member.Name)).All(member => Check(rule, member.Value, at) is null),
            _ => true,
        };
    }

    private static bool IsKnown(JsonElement schema, string name) =>
        (schema.TryGetProperty("properties", out JsonElement properties) && properties.TryGetProperty(name, out _))
        || (schema.TryGetProperty("patternProperties", out JsonElement patterns) && patterns.EnumerateObject().Any(pattern => Matches(pattern.Name, name)));

    private JsonElement Resolve(string reference) => reference.Split('/').Skip(1).Aggregate(
        _root,
        (at, segment) => at.ValueKind == JsonValueKind.Array
            ? at[int.Parse(segment, CultureInfo.InvariantCulture)]
            : at.GetProperty(Uri.UnescapeDataString(segment).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)));
}
