using System.Globalization;
using System.Text;

namespace RwkvX.AI.Training.Vocabularies;

/// <summary>Writes the World vocabulary format: <c>id literal length</c>, id 0 without a line.</summary>
public static class WorldVocabularyFile
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">The file; replaced where it exists.</param>
    /// <param name="pieces">By id, from id 1 on.</param>
    public static void Write(string path, IReadOnlyList<byte[]> pieces)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        StringBuilder text = new();
        for (int i = 0; i < pieces.Count; i++)
            text.Append(CultureInfo.InvariantCulture, $"{i + 1} {Literal(pieces[i])} {pieces[i].Length}\n");
        File.WriteAllText(path, text.ToString());
    }

    /// <summary>A Python literal: text where every byte is printable ASCII or a line break, bytes otherwise.</summary>
    private static string Literal(byte[] piece)
    {
        bool isText = piece.All(b => b is >= 0x20 and < 0x7f or (byte)'\n');
        StringBuilder literal = new(isText ? "'" : "b'");
        foreach (byte b in piece)
        {
            literal.Append(b switch
            {
                (byte)'\'' => "\\'",
                (byte)'\\' => "\\\\",
                (byte)'\n' => "\\n",
                >= 0x20 and < 0x7f => ((char)b).ToString(),
                _ => $"\\x{b:x2}",
            });
        }

        return literal.Append('\'').ToString();
    }
}
