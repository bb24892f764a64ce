using System.Globalization;
using System.Text;
using RwkvX.AI.Grammars;

namespace RwkvX.AI.Benchmarks;

/// <summary>Vocabularies for grammar benchmarks, read from files in the World format, and greedy encoding over them.</summary>
internal static class GrammarVocabulary
{
    public static TokenVocabulary Load(string path) => new(Read(path), 0);

    /// <summary>The longest token at each place.</summary>
    public static int[] Encode(TokenVocabulary vocabulary, string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        List<int> tokens = [];
        while (bytes.Length > 0)
        {
            int node = 0;
            int best = -1;
            for (int i = 0; i < bytes.Length && (node = vocabulary.Trie.Child(node, bytes[i])) >= 0; i++)
            {
                if (vocabulary.Trie.TokensAt(node) is [int token, ..]) best = token;
            }

            tokens.Add(best);
            bytes = bytes[vocabulary.Bytes(best).Length..];
        }

        return [.. tokens];
    }

    private static List<ReadOnlyMemory<byte>> Read(string path)
    {
        List<ReadOnlyMemory<byte>> entries = [ReadOnlyMemory<byte>.Empty];
        foreach (string line in File.ReadLines(path))
        {
            int first = line.IndexOf(' ', StringComparison.Ordinal);
            int id = int.Parse(line.AsSpan(0, first), CultureInfo.InvariantCulture);
            while (entries.Count <= id) entries.Add(ReadOnlyMemory<byte>.Empty);
            entries[id] = Unquote(line[(first + 1)..line.LastIndexOf(' ')]);
        }

        return entries;
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

            int digits = body[++i] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits == 0) text.Append(body[i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var c => c });
            else text.Append(char.ConvertFromUtf32(int.Parse(body.AsSpan(i + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
            i += digits;
        }

        return isBytes ? Encoding.Latin1.GetBytes(text.ToString()) : Encoding.UTF8.GetBytes(text.ToString());
    }
}
