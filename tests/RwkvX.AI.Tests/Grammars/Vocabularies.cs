using System.Globalization;
using System.Text;
using RwkvX.AI.Grammars;
using RwkvX.AI.Testing;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Vocabularies for grammar tests: the embedded model's, the World one, and one made to be awkward.</summary>
internal static class Vocabularies
{
    private static readonly Lazy<TokenVocabulary> LazyEmbedded = new(() => Load(Repository.EmbeddedVocabulary));

    private static readonly Lazy<TokenVocabulary> LazyWorld = new(() => Load(Repository.WorldVocabulary));

    private static readonly Lazy<TokenVocabulary> LazyHostile = new(MakeHostile);

    public static TokenVocabulary Embedded => LazyEmbedded.Value;

    public static TokenVocabulary World => LazyWorld.Value;

    /// <summary>All single bytes, and long tokens that run across as many borders of JSON as they can.</summary>
    public static TokenVocabulary Hostile => LazyHostile.Value;

    public static TokenVocabulary Of(params string[] texts)
    {
        List<ReadOnlyMemory<byte>> entries = [ReadOnlyMemory<byte>.Empty];
        for (int value = 0; value < 256; value++) entries.Add(new[] { (byte)value });
        foreach (string text in texts) entries.Add(Encoding.UTF8.GetBytes(text));
        return new TokenVocabulary(entries, 0);
    }

    /// <summary>A file of lines <c>id literal length</c>, the literal as Python writes it.</summary>
    public static TokenVocabulary Load(string path)
    {
        List<ReadOnlyMemory<byte>> entries = [ReadOnlyMemory<byte>.Empty];
        foreach (string line in File.ReadLines(path))
        {
            int first = line.IndexOf(' ', StringComparison.Ordinal);
            int last = line.LastIndexOf(' ');
            int id = int.Parse(line.AsSpan(0, first), CultureInfo.InvariantCulture);
            while (entries.Count <= id) entries.Add(ReadOnlyMemory<byte>.Empty);
            entries[id] = Unquote(line[(first + 1)..last]);
        }

        return new TokenVocabulary(entries, 0);
    }

    private static byte[] Unquote(string literal)
    {
        bool isBytes = literal[0] == 'b';
        string body = literal[(isBytes ? 2 : 1)..^1];
        var text = new StringBuilder();
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] != '\\')
            {
                text.Append(body[i]);
                continue;
            }

            i++;
            int digits = body[i] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits == 0) text.Append(body[i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var c => c });
            else text.Append(char.ConvertFromUtf32(int.Parse(body.AsSpan(i + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
            i += digits;
        }

        return isBytes ? Encoding.Latin1.GetBytes(text.ToString()) : Encoding.UTF8.GetBytes(text.ToString());
    }

    private static TokenVocabulary MakeHostile()
    {
        string[] pieces = ["\"", ":", ",", "{", "}", "[", "]", " ", "\n", "a", "ab", "0", "1", "-", "null", "true", "\\", "\\u00", "é", "😀", "\"a\":", "\",\""];
        List<string> tokens = [.. pieces];
        foreach (string left in pieces)
        {
            foreach (string right in pieces) tokens.Add(left + right);
        }

        tokens.AddRange(["{\"a\":1,\"b\":2}", "\"a\":1,\"a\":", "a\":1,\"a\":2", "[[[[[[[[", "]]]]]]]]", "}}}}}}}}", new string('a', 100), new string('9', 60), new string(' ', 64), "\":\"", "\":{\""]);
        return Of([.. tokens.Distinct()]);
    }
}
