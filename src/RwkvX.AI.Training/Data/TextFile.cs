using System.Text.Json;

namespace RwkvX.AI.Training.Data;

/// <summary>Documents of a text file: of a <c>.jsonl</c> file the field <c>text</c> of each line, of any other file its whole content.</summary>
public static class TextFile
{
    /// <summary>The documents, one after the other.</summary>
    /// <exception cref="InvalidDataException">A line is not an object with a text.</exception>
    public static IEnumerable<string> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) ? ReadLines(path) : [File.ReadAllText(path)];
    }

    private static IEnumerable<string> ReadLines(string path)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) yield return Text(path, number, line);
        }
    }

    private static string Text(string path, int number, string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("text", out JsonElement text)
                && text.ValueKind == JsonValueKind.String)
                return text.GetString()!;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: line {number}: expected {{\"text\": …}}, found no JSON: {e.Message}", e);
        }

        throw new InvalidDataException($"{path}: line {number}: expected an object with the string 'text', found something else");
    }
}
