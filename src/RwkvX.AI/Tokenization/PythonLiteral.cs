using System.Buffers;
using System.Globalization;
using System.Text;

namespace RwkvX.AI.Tokenization;

/// <summary>Reads the two kinds of Python literal that the World vocabulary format uses: <c>'text'</c> and <c>b'bytes'</c>.</summary>
/// <remarks>Escapes in a text literal are code points and end up as UTF-8; escapes in a bytes literal are bytes.</remarks>
internal static class PythonLiteral
{
    /// <summary>Appends the bytes that a literal stands for.</summary>
    /// <param name="literal">The literal with its quotes, as UTF-8.</param>
    /// <param name="output">Where the bytes go.</param>
    /// <returns>Null, or what is wrong with the literal.</returns>
    public static string? Read(ReadOnlySpan<byte> literal, ArrayBufferWriter<byte> output)
    {
        bool isBytes = literal.Length > 0 && literal[0] == 'b';
        if (isBytes) literal = literal[1..];
        if (literal.Length < 2 || literal[0] is not ((byte)'\'' or (byte)'"') || literal[^1] != literal[0])
            return "a Python literal in quotes";

        byte quote = literal[0];
        literal = literal[1..^1];
        while (!literal.IsEmpty)
        {
            int plain = literal.IndexOfAny((byte)'\\', quote);
            if (plain < 0) plain = literal.Length;
            if (isBytes && !Ascii.IsValid(literal[..plain])) return "ASCII characters in a bytes literal";
            output.Write(literal[..plain]);
            literal = literal[plain..];
            if (literal.IsEmpty) break;
            if (literal[0] == quote) return "no bare quote inside the literal";
            if (!TryReadEscape(ref literal, isBytes, output)) return "a known escape sequence";
        }

        return null;
    }

    private static bool TryReadEscape(ref ReadOnlySpan<byte> rest, bool isBytes, ArrayBufferWriter<byte> output)
    {
        if (rest.Length < 2) return false;
        byte kind = rest[1];
        int simple = kind switch
        {
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            (byte)'a' => '\a',
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            (byte)'v' => '\v',
            (byte)'\\' or (byte)'\'' or (byte)'"' => kind,
            _ => -1,
        };
        if (simple >= 0)
        {
            rest = rest[2..];
            output.Write([(byte)simple]);
            return true;
        }

        int digits = kind switch
        {
            (byte)'x' => 2,
            (byte)'u' when !isBytes => 4,
            (byte)'U' when !isBytes => 8,
            _ => 0,
        };
        if (digits == 0 || rest.Length < 2 + digits) return false;
        ReadOnlySpan<byte> hex = rest.Slice(2, digits);
        if (!uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)) return false;
        rest = rest[(2 + digits)..];
        return isBytes ? Write([(byte)code], output) : TryWriteRune(code, output);
    }

    private static bool TryWriteRune(uint code, ArrayBufferWriter<byte> output)
    {
        if (!Rune.TryCreate(code, out Rune rune)) return false; // surrogates and beyond U+10FFFF have no UTF-8
        Span<byte> utf8 = stackalloc byte[4];
        return Write(utf8[..rune.EncodeToUtf8(utf8)], output);
    }

    private static bool Write(ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output)
    {
        output.Write(bytes);
        return true;
    }
}
