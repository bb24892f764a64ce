using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace RwkvX.AI.Cli;

/// <summary>The JSON files that verbs read and write: arrays of texts and of token ids.</summary>
internal static class JsonFile
{
    /// <summary>Reads an array of strings; escaped lone surrogates are kept, as JSON allows them.</summary>
    /// <exception cref="CliException">The file cannot be read or holds something else.</exception>
    public static List<string> ReadTexts(string path) =>
        Read(path, "an array of strings", item => item.ValueKind == JsonValueKind.String ? Text(item) : null);

    /// <summary>Reads an array of token ids.</summary>
    /// <exception cref="CliException">The file cannot be read or holds something else.</exception>
    public static int[] ReadIds(string path)
    {
        List<string> ids = Read(path, "an array of token ids", item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id) ? id.ToString(CultureInfo.InvariantCulture) : null);
        return [.. ids.Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
    }

    /// <summary>Writes an array of arrays of ids, one inner array a line.</summary>
    public static void WriteIds(string path, IEnumerable<int[]> texts)
    {
        OutputFile.Write(path, () =>
        {
            using StreamWriter file = new(path) { NewLine = "\n" };
            WriteIds(file, texts);
        });
    }

    private static void WriteIds(StreamWriter file, IEnumerable<int[]> texts)
    {
        string separator = "[";
        foreach (int[] ids in texts)
        {
            file.WriteLine(separator);
            file.Write($"[{string.Join(',', ids)}]");
            separator = ",";
        }

        file.WriteLine(separator == "[" ? "[]" : "\n]");
    }

    private static List<string> Read(string path, string expected, Func<JsonElement, string?> parse)
    {
        try
        {
            ReadOnlyMemory<byte> bytes = File.ReadAllBytes(path);
            if (bytes.Span.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[Encoding.UTF8.Preamble.Length..];
            if (!Utf8.IsValid(bytes.Span)) throw new CliException($"{path}: expected {expected} in UTF-8, found other bytes");
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                throw new CliException($"{path}: expected {expected}, found {document.RootElement.ValueKind}");
            List<string> items = [];
            foreach (JsonElement item in document.RootElement.EnumerateArray())
            {
                items.Add(parse(item)
                    ?? throw new CliException($"{path}: item {items.Count}: expected {expected}, found {item.ValueKind}"));
            }

            return items;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path}: expected {expected}: {e.Message}", e);
        }
    }

    private static string Text(JsonElement item)
    {
        try
        {
            return item.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Unescape(item.GetRawText().AsSpan()[1..^1]); // an escaped lone surrogate, which GetString refuses
        }
    }

    private static string Unescape(ReadOnlySpan<char> raw)
    {
        StringBuilder text = new(raw.Length);
        while (!raw.IsEmpty)
        {
            if (raw[0] != '\\')
            {
                text.Append(raw[0]);
                raw = raw[1..];
                continue;
            }

            text.Append(raw[1] switch
            {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\b',
                'f' => '\f',
                'u' => (char)ushort.Parse(raw[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                char other => other,
            });
            raw = raw[(raw[1] == 'u' ? 6 : 2)..];
        }

        return text.ToString();
    }
}
