using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Requests;

/// <summary>A value in a request's JSON that knows its own path, so that every error names the field, what was expected and what was found.</summary>
/// <remarks>An absent field and an explicit null are the same, as they are to OpenAI's API.</remarks>
/// <param name="element">The value; its kind is Undefined where the field is absent.</param>
/// <param name="path">Where it stands, as <c>messages[0].content</c>; empty for the whole body.</param>
internal readonly struct RequestField(JsonElement element, string path)
{
    /// <summary>The value itself.</summary>
    public JsonElement Element => element;

    /// <summary>Where it stands.</summary>
    public string Path => path;

    /// <summary>Whether the field is there and not null.</summary>
    public bool IsPresent => element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>Whether it is a string.</summary>
    public bool IsString => element.ValueKind == JsonValueKind.String;

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => element.ValueKind == JsonValueKind.Array;

    /// <summary>Whether it is an object.</summary>
    public bool IsObject => element.ValueKind == JsonValueKind.Object;

    /// <summary>A field of this object.</summary>
    /// <param name="name">Its name.</param>
    public RequestField this[string name] => element.ValueKind switch
    {
        JsonValueKind.Object => new(element.TryGetProperty(name, out JsonElement value) ? value : default, path.Length == 0 ? name : $"{path}.{name}"),
        JsonValueKind.Undefined => new(default, path.Length == 0 ? name : $"{path}.{name}"),
        _ => throw Expected("an object"),
    };

    /// <summary>The object's own names.</summary>
    public IEnumerable<string> Names => element.EnumerateObject().Select(property => property.Name);

    /// <summary>The elements of this array; none where the field is absent.</summary>
    /// <param name="most">How many there may be.</param>
    public List<RequestField> Items(int most = int.MaxValue)
    {
        if (!IsPresent) return [];
        if (!IsArray) throw Expected("an array");
        int count = element.GetArrayLength();
        if (count > most) throw ApiException.Invalid(path, $"expected at most {most:N0} elements, found {count:N0}", "array_above_max_length");
        List<RequestField> items = new(count);
        foreach (JsonElement item in element.EnumerateArray()) items.Add(new RequestField(item, $"{path}[{items.Count}]"));
        return items;
    }

    /// <summary>This field, which must be there.</summary>
    public RequestField Required(string expected) => IsPresent ? this : throw Expected(expected, "missing_required_parameter");

    /// <summary>A string; null where absent.</summary>
    public string? String(int mostLength = int.MaxValue)
    {
        if (!IsPresent) return null;
        if (!IsString) throw Expected("a string");
        string text;
        try
        {
            text = element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(path, "expected Unicode text, found half of a surrogate pair", "invalid_value");
        }

        return text.Length <= mostLength
            ? text
            : throw ApiException.Invalid(path, $"expected at most {mostLength:N0} characters, found {text.Length:N0}", "string_above_max_length");
    }

    /// <summary>One of some words; null where absent.</summary>
    public string? OneOf(params ReadOnlySpan<string> words)
    {
        if (String() is not { } word) return null;
        return words.Contains(word) ? word : throw ApiException.Invalid(path, $"expected {Or(words)}, found {Shown(word)}", "invalid_value");
    }

    /// <summary>True or false; null where absent.</summary>
    public bool? Boolean() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => IsPresent ? throw Expected("true or false") : null,
    };

    /// <summary>A number within a range; null where absent.</summary>
    public float? Number(double least, double most)
    {
        if (!IsPresent) return null;
        if (element.ValueKind != JsonValueKind.Number) throw Expected("a number");
        return element.TryGetDouble(out double value) && value >= least && value <= most
            ? (float)value
            : throw OutOfRange(least.ToString(CultureInfo.InvariantCulture), most.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>A whole number within a range; null where absent.</summary>
    public long? Integer(long least, long most)
    {
        if (!IsPresent) return null;
        if (element.ValueKind != JsonValueKind.Number) throw Expected("a whole number");
        if (element.TryGetInt64(out long value)) return value >= least && value <= most ? value : throw OutOfRange($"{least}", $"{most}");
        bool isWhole = element.TryGetDouble(out double real) && Math.Floor(real) == real;
        throw isWhole ? OutOfRange($"{least}", $"{most}") : Expected("a whole number");
    }

    /// <summary>The error for a value of the wrong kind.</summary>
    [SuppressMessage("Design", "CA1024", Justification = "It makes an error.")]
    public ApiException Expected(string expected, string code = "invalid_type")
    {
        string found = $"expected {expected}, found {Describe()}";
        return path.Length == 0 ? ApiException.Invalid(null, $"The request's body: {found}", code) : ApiException.Invalid(path, found, code);
    }

    private ApiException OutOfRange(string least, string most)
    {
        string code = element.TryGetDouble(out double value) && value < double.Parse(least, CultureInfo.InvariantCulture)
            ? "decimal_below_min_value" : "decimal_above_max_value";
        return ApiException.Invalid(path, $"expected {least} to {most}, found {Shown(element.GetRawText())}", code);
    }

    private string Describe() => element.ValueKind switch
    {
        JsonValueKind.Undefined => "nothing",
        JsonValueKind.Null => "null",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => $"the number {Shown(element.GetRawText())}",
        JsonValueKind.String => "a string",
        JsonValueKind.Array => "an array",
        _ => "an object",
    };

    private static string Shown(string text) => text.Length <= 40 ? $"'{text}'" : $"'{text[..40]}...'";

    private static string Or(ReadOnlySpan<string> words) => words.Length == 1
        ? $"'{words[0]}'"
        : $"'{string.Join("', '", words[..^1]!)}' or '{words[^1]}'";
}
