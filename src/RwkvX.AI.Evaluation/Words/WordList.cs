using RwkvX.AI.Evaluation.Tasks;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>Words of one split; a word belongs to a split for good, by a hash of its letters.</summary>
/// <param name="split">The split.</param>
/// <param name="prose">A paragraph of real text, whose words training uses where a list would be learnt by heart; null for none.</param>
internal sealed class WordList(WordSplit split, Func<Random, string>? prose = null)
{
    private const int Paragraphs = 4000; // of which the words are taken
    private const int Common = 12;       // times that a common word is in them

    private static readonly string[] Onsets = ["b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pl", "qu", "r", "s", "sh", "st", "t", "th", "tr", "v", "w", "y", "z"];
    private static readonly string[] Nuclei = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "ia", "io", "oa", "ou"];
    private static readonly string[] Codas = ["", "", "", "l", "m", "n", "r", "s", "t", "nd", "rk", "x", "th", "ck"];

    private readonly Dictionary<string[], string[]> _cache = [];
    private readonly Lazy<(string[] Open, string[] Common)> _prose = new(() => split == WordSplit.Training && prose is not null ? WordsOf(prose) : ([], []));

    /// <summary>Whose words these are.</summary>
    public WordSplit Split => split;

    /// <summary>Whether these are the words of training.</summary>
    public bool IsTraining => split == WordSplit.Training;

    /// <summary>Training also puts words where nobody expects them, half of the time, so that they are copied and not picked from a list.</summary>
    public bool Surprises(Random random) => IsTraining && random.Next(2) == 0;

    /// <summary>A word of a list that belongs to the split.</summary>
    public string From(string[] list, Random random)
    {
        string[] mine = Mine(list);
        return mine[random.Next(mine.Length)];
    }

    /// <summary>A word of a list; in training, where it <see cref="Surprises"/>, any word, so that it is copied and not guessed.</summary>
    public string FromOrAny(string[] list, Random random) => Surprises(random) ? Any(random) : From(list, random);

    /// <summary>A word of a list; of three in training one only begins like it, since lists are short and a model that knows them guesses how Lyd… goes on.</summary>
    public string FromOrRival(string[] list, Random random)
    {
        string word = From(list, random);
        return IsTraining && random.Next(3) == 0 ? Rival(word, random) : word;
    }

    /// <summary>An English or invented word: in training any word of the prose, the beginning of one with the end of another, or letters that are no word at all.</summary>
    public string Any(Random random) => random.Next(_prose.Value.Open.Length > 0 ? 11 : 3) switch
    {
        0 => From(Vocabulary.Nouns, random),
        1 => From(Vocabulary.Adjectives, random),
        2 => Invent(random),
        3 => Letters(random),
        4 or 5 or 6 or 7 => Spliced(random),
        _ => Open(random),
    };

    /// <summary>Two words, such as <c>quiet-harbour</c>, or one that nobody has heard.</summary>
    public string Compound(Random random) => random.Next(_prose.Value.Open.Length > 0 ? 5 : 3) switch
    {
        0 => Invent(random),
        1 => $"{From(Vocabulary.Adjectives, random)}-{From(Vocabulary.Nouns, random)}",
        2 => $"{From(Vocabulary.Nouns, random)} {From(Vocabulary.Nouns, random)}",
        3 => $"{Any(random)}-{Any(random)}",
        _ => $"{Any(random)} {Any(random)}",
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

    /// <summary>A word that begins as another one, whole, and goes on.</summary>
    public string Longer(string word, Random random)
    {
        while (true)
        {
            string longer = word + Invent(random)[..random.Next(2, 5)];
            if (Belongs(longer)) return longer;
        }
    }

    /// <summary>A word that begins like another one, by two letters or more; of a number of two digits or more another one of as many that begins like it.</summary>
    public string Rival(string word, Random random) => word.All(char.IsAsciiDigit) ? RivalNumber(word, random) : Longer(word[..random.Next(2, Math.Max(3, word.Length))], random);

    /// <summary>A name that nobody has, capitalised.</summary>
    public string InventName(Random random) => Fact.Capital(_prose.Value.Open.Length > 0 && random.Next(2) == 0 ? Any(random) : Invent(random));

    /// <summary>Such a name with another behind it, one time in three.</summary>
    public string UnheardName(Random random) => random.Next(3) > 0 ? InventName(random)
        : $"{(random.Next(2) == 0 ? From(Vocabulary.FirstNames, random) : InventName(random))} {InventName(random)}";

    internal static WordSplit SplitOf(string word) => Hash(word) % 5 == 0 ? WordSplit.Test : WordSplit.Training;

    /// <summary>A number that is the same on every machine: FNV-1a, folded.</summary>
    internal static uint Hash(string word)
    {
        uint hash = 2166136261;
        foreach (char c in word) hash = (hash ^ c) * 16777619;
        return hash ^ (hash >> 15);
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

    private static string RivalNumber(string number, Random random)
    {
        while (true)
        {
            int alike = random.Next(1, number.Length);
            string rival = number[..alike] + string.Concat(Enumerable.Range(alike, number.Length - alike).Select(_ => random.Next(10)));
            if (rival != number) return rival;
        }
    }

    private string Open(Random random) => Draw(_prose.Value.Open, random);

    /// <summary>
    /// As <c>relicade</c> or <c>silverade</c>: how a word ends is then not to be guessed from how it begins. Most of them begin with a whole common word of the
    /// prose, whatever its split: most are one token, and a token that training never copies is one that the model learns not to say.
    /// </summary>
    private string Spliced(Random random)
    {
        while (true)
        {
            string first = Open(random), ends = Open(random);
            string begins = random.Next(4) > 0 && _prose.Value.Common.Length > 0 ? Draw(_prose.Value.Common, random) : first[..random.Next(2, first.Length)];
            string word = begins + ends[random.Next(1, ends.Length - 1)..];
            if (word.Length < 15 && Belongs(word)) return word;
        }
    }

    /// <summary>Letters in any order, which can only be copied.</summary>
    private string Letters(Random random)
    {
        while (true)
        {
            string word = string.Concat(Enumerable.Range(0, random.Next(3, 10)).Select(_ => (char)('a' + random.Next(26))));
            if (Belongs(word)) return word;
        }
    }

    /// <summary>The distinct small words of a sample of prose that belong to training, and the common ones of both splits; the same whenever the prose is.</summary>
    private static (string[] Open, string[] Common) WordsOf(Func<Random, string> prose)
    {
        Random random = new(1);
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        for (int i = 0; i < Paragraphs; i++)
        {
            foreach (string word in prose(random).Split(' ').Where(word => word.Length is > 2 and < 13 && word.All(char.IsAsciiLetterLower)))
                counts[word] = counts.GetValueOrDefault(word) + 1;
        }

        return ([.. counts.Keys.Where(word => SplitOf(word) == WordSplit.Training)], [.. counts.Where(pair => pair.Value >= Common).Select(pair => pair.Key)]);
    }

    private static string Draw(string[] list, Random random) => list[random.Next(list.Length)];
}
