using System.Text;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Tests.Tokenization;

/// <summary>Random texts of every kind of character, and of fragments of a vocabulary's pieces, which make matches overlap.</summary>
internal sealed class RandomText(int seed, WorldTokenizer tokenizer)
{
    private readonly Random _random = new(seed);

    /// <summary>A text without lone surrogates.</summary>
    public string Next()
    {
        StringBuilder text = new();
        for (int n = _random.Next(40); n > 0; n--) text.Append(Part());
        return text.ToString();
    }

    private string Part() => _random.Next(7) switch
    {
        0 => ((char)_random.Next(0x80)).ToString(),
        1 => Character(0x80, 0x800),
        2 => Character(0x800, 0x10000),
        3 => Character(0x10000, 0x110000),
        4 => Character(0x1F300, 0x1FB00),
        5 => new string(" \n\t=-"[_random.Next(5)], _random.Next(1, 20)),
        _ => Piece(),
    };

    private string Character(int from, int to)
    {
        int code;
        do code = _random.Next(from, to);
        while (!Rune.IsValid(code));
        return char.ConvertFromUtf32(code);
    }

    private string Piece()
    {
        string piece = Encoding.UTF8.GetString(tokenizer.VocabularyBytes(_random.Next(tokenizer.VocabularySize)));
        if (piece.Length == 0 || char.IsLowSurrogate(piece[^1])) return piece;
        string start = piece[.._random.Next(1, piece.Length + 1)];
        return char.IsHighSurrogate(start[^1]) ? piece : start;
    }
}
