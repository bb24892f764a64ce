using System.Collections.Frozen;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>
/// What is generated for a <c>format</c>: a part of what its standard allows, chosen so that .NET's own types read it
/// (DateTimeOffset, DateOnly, TimeOnly, TimeSpan by ISO 8601, Guid, Uri, IPAddress).
/// </summary>
internal static class StringFormats
{
    private const string Date = @"[1-8]\d{3}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))";
    private const string Time = @"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,7})?";
    private const string Offset = @"(Z|[+-](0\d|1[0-3]):[0-5]\d)";
    private const string Label = @"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?";
    private const string Host = Label + @"(\." + Label + @"){0,3}\.[a-z]{2,12}";
    private const string Octet = @"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";
    private const string Path = @"(/[A-Za-z0-9._~-]*)*(\?[A-Za-z0-9._~=&-]*)?(#[A-Za-z0-9._~-]*)?";

    private static readonly FrozenDictionary<string, string> Patterns = new Dictionary<string, string>
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = Date + "T" + Time + Offset,
        ["duration"] = @"P(\d{1,4}W|\d{1,4}D|(\d{1,4}D)?T(\d{1,4}H(\d{1,4}M(\d{1,4}S)?)?|\d{1,4}M(\d{1,4}S)?|\d{1,4}S))",
        ["uuid"] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ["email"] = @"[A-Za-z0-9]{1,20}([._+-][A-Za-z0-9]{1,20}){0,2}@" + Host,
        ["hostname"] = Host,
        ["ipv4"] = Octet + @"(\." + Octet + "){3}",
        ["ipv6"] = "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}",
        ["uri"] = "https?://" + Host + @"(:[1-9]\d{0,3})?" + Path,
        ["uri-reference"] = "(https?://" + Host + @"(:[1-9]\d{0,3})?)?" + Path,
        ["json-pointer"] = "(/([^/~]|~[01])*)*",
    }.ToFrozenDictionary();

    /// <summary>What .NET's schema exporter writes for TimeSpan and Version, and what those types read of it.</summary>
    private static readonly FrozenDictionary<string, string> ReadablePatterns = new Dictionary<string, string>
    {
        [@"^-?(\d+\.)?\d{2}:\d{2}:\d{2}(\.\d{1,7})?$"] = @"-?([1-9]\d{0,6}\.)?([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,7})?",
        [@"^\d+(\.\d+){1,3}$"] = @"(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){1,3}",
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> NumberFormats =
        new[] { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double", "decimal" }.ToFrozenSet();

    /// <summary>The texts of a format; null for formats of numbers, which say nothing about strings.</summary>
    public static CodePointDfa? Find(SchemaPart part, string format)
    {
        if (NumberFormats.Contains(format)) return null;
        return Patterns.TryGetValue(format, out string? pattern)
            ? RegexAutomaton.WholeMatch(pattern)
            : throw part.Error("format", $"the format '{format}' is not supported");
    }

    /// <summary>The texts that the .NET type reads from which a pattern is known to come; null for all other patterns.</summary>
    public static CodePointDfa? Readable(string pattern) => ReadablePatterns.TryGetValue(pattern, out string? readable) ? RegexAutomaton.WholeMatch(readable) : null;

    /// <summary>The texts of a <c>contentEncoding</c>.</summary>
    public static CodePointDfa Encoding(SchemaPart part, string encoding) => encoding == "base64"
        ? RegexAutomaton.WholeMatch("([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?")
        : throw part.Error("contentEncoding", $"the content encoding '{encoding}' is not supported");
}
