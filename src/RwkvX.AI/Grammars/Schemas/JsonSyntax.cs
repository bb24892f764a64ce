using System.Text;
using System.Text.Json;
using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>The pieces that JSON texts are made of, as expressions, and the one spelling of given values.</summary>
internal static class JsonSyntax
{
    /// <summary>At most one space or newline: room for style, none to run on.</summary>
    public static Expression Space { get; } = Expression.Optional(Expression.Any(Expression.Text(" "), Expression.Text("\n")));

    public static Expression Comma { get; } = Expression.Of(Expression.Text(","), Space);

    public static Expression Colon { get; } = Expression.Of(Expression.Text(":"), Space);

    public static Expression Quote { get; } = Expression.Text("\"");

    /// <summary>One character of a string, escaped or not; surrogates only in pairs.</summary>
    public static Expression Character { get; } = Expression.Any(
        Utf8Ranges.ToExpression(CodePointLowering.Unescaped),
        Expression.Of(Expression.Text("\\"), Expression.Any([.. "\"\\/bfnrt".Select(letter => Expression.Text(letter.ToString()))])),
        Expression.Of(Expression.Text("\\u"), UnicodeEscape()));

    /// <summary>A string literal that escapes only what must be.</summary>
    public static string Quoted(string text)
    {
        var builder = new StringBuilder("\"");
        foreach (Rune rune in text.EnumerateRunes()) builder.Append(CodePointLowering.Escape(rune.Value) ?? rune.ToString());
        return builder.Append('"').ToString();
    }

    /// <summary>A value without white space.</summary>
    public static string Write(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', value.EnumerateObject().Select(member => Quoted(member.Name) + ":" + Write(member.Value))) + "}",
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Write)) + "]",
        JsonValueKind.String => Quoted(value.GetString()!),
        _ => value.GetRawText(),
    };

    private static Expression UnicodeEscape()
    {
        Expression hex = Hex("0-9a-fA-F");
        Expression high = Expression.Of(Hex("dD"), Hex("89abAB"), hex, hex);
        Expression low = Expression.Of(Hex("dD"), Hex("c-fC-F"), hex, hex);
        return Expression.Any(
            Expression.Of(Hex("0-9abcefABCEF"), hex, hex, hex),
            Expression.Of(Hex("dD"), Hex("0-7"), hex, hex),
            Expression.Of(high, Expression.Text("\\u"), low));
    }

    private static Expression Hex(string members) => CodePointLowering.ToText(RegexAutomaton.WholeMatch($"[{members}]"));
}
