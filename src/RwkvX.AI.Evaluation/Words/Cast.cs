namespace RwkvX.AI.Evaluation.Words;

/// <summary>The people, places and things of one text. They come up again and again, so that a name alone does not tell which statement is asked for.</summary>
internal sealed class Cast
{
    private readonly Dictionary<char, List<string>> _words = [];

    /// <summary>A cast for two texts of three; null for somebody else in each statement.</summary>
    public static Cast? Draw(Random random) => random.Next(3) > 0 ? new() : null;

    /// <summary>A word that was used before, half of the time, or a new one.</summary>
    /// <param name="slot">A slot of <see cref="Remark"/>.</param>
    /// <param name="draw">Draws a new word.</param>
    /// <param name="random">Decides.</param>
    public string Draw(string slot, Func<string> draw, Random random)
    {
        char kind = slot switch { "Q" or "R" => 'P', "C" => 'c', "m" => 'n', [char only] => only, _ => ' ' };
        if (!"PcnKrw".Contains(kind, StringComparison.Ordinal)) return draw();
        if (!_words.TryGetValue(kind, out List<string>? known)) _words[kind] = known = [];
        if (known.Count > 0 && random.Next(2) == 0) return known[random.Next(known.Count)];
        known.Add(draw());
        return known[^1];
    }
}
