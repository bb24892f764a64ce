using RwkvX.AI.Evaluation.Tasks;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>Words of one split; a word belongs to a split for good, by a hash of its letters.</summary>
/// <param name="split">The split.</param>
internal sealed class WordList(WordSplit split)
{
    private static readonly string[] Onsets = ["b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pl", "qu", "r", "s", "sh", "st", "t", "th", "tr", "v", "w", "y", "z"];
    private static readonly string[] Nuclei = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "ia", "io", "oa", "ou"];
    private static readonly string[] Codas = ["", "", "", "l", "m", "n", "r", "s", "t", "nd", "rk", "x", "th", "ck"];

    private readonly Dictionary<string[], string[]> _cache = [];

    /// <summary>A word of a list that belongs to the split.</summary>
    public string From(string[] list, Random random)
    {
        string[] mine = Mine(list);
        return mine[random.Next(mine.Length)];
    }

    /// <summary>An English or invented word.</summary>
    public string Any(Random random) => random.Next(3) switch
    {
        0 => From(Vocabulary.Nouns, random),
        1 => From(Vocabulary.Adjectives, random),
        _ => Invent(random),
    };

    /// <summary>Two words, such as <c>quiet-harbour</c>, or one that nobody has heard.</summary>
    public string Compound(Random random) => random.Next(3) switch
    {
        0 => Invent(random),
        1 => $"{From(Vocabulary.Adjectives, random)}-{From(Vocabulary.Nouns, random)}",
        _ => $"{From(Vocabulary.Nouns, random)} {From(Vocabulary.Nouns, random)}",
    };

    /// <summary>A word made of syllables.</summary>
    public string Invent(Random random)
    {
        while (true)
        {
            string word = string.Concat(Enumerable.Range(0, random.Next(2, 4)).Select(_ => Draw(Onsets, random) + Draw(Nuclei, random) + Draw(Codas, random)));
            if (Belongs(word)) return word;
        }
    }

    /// <summary>A name that nobody has, capitalised.</summary>
    public string InventName(Random random)
    {
        string word = Invent(random);
        return char.ToUpperInvariant(word[0]) + word[1..];
    }

    internal static WordSplit SplitOf(string word)
    {
        uint hash = 2166136261; // FNV-1a: the same on every machine
        foreach (char c in word) hash = (hash ^ c) * 16777619;
        return (hash ^ (hash >> 15)) % 5 == 0 ? WordSplit.Test : WordSplit.Training;
    }

    private bool Belongs(string word) => SplitOf(word) == split;

    private string[] Mine(string[] list)
    {
        lock (_cache)
        {
            if (_cache.TryGetValue(list, out string[]? mine)) return mine;
            return _cache[list] = [.. list.Where(Belongs)];
        }
    }

    private static string Draw(string[] list, Random random) => list[random.Next(list.Length)];
}
