using System.Text;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Evaluation.Tests;

/// <summary>A small vocabulary for small models.</summary>
internal static class Vocabularies
{
    /// <summary>Ids that a model needs for it.</summary>
    public const int Size = 261;

    /// <summary>All bytes (id = byte + 1) and four pieces.</summary>
    public static WorldTokenizer Small { get; } = Load();

    private static WorldTokenizer Load()
    {
        StringBuilder text = new();
        for (int b = 0; b < 256; b++) text.Append($"{b + 1} b'\\x{b:x2}' 1\n");
        string[] pieces = [" the", " cat", "ing", " a"];
        for (int i = 0; i < pieces.Length; i++) text.Append($"{257 + i} '{pieces[i]}' {pieces[i].Length}\n");
        return WorldTokenizer.Load(new MemoryStream(Encoding.UTF8.GetBytes(text.ToString())), "test.txt");
    }
}
