using System.Runtime.InteropServices;

namespace RwkvX.AI.Training.Vocabularies;

/// <summary>Merges the most frequent pair of neighbours again and again; equal counts go to the pair that is first by its letters.</summary>
internal sealed class PairMerges
{
    private readonly List<(string[] Symbols, int Count)> _words;
    private readonly Dictionary<(string, string), long> _pairs = [];
    private readonly Dictionary<(string, string), HashSet<int>> _where = [];
    private readonly PriorityQueue<(string, string), (long, string, string)> _queue = new();
    private readonly int _maxLength;

    /// <param name="counts">Runs of bytes (as Latin-1) and how often they occur.</param>
    /// <param name="maxLength">Of a piece, in bytes.</param>
    public PairMerges(Dictionary<string, int> counts, int maxLength)
    {
        _maxLength = maxLength;
        _words = [.. counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key.Select(c => c.ToString()).ToArray(), pair.Value))];
        for (int word = 0; word < _words.Count; word++) Count(word, 1);
        foreach ((string, string) pair in _pairs.Keys) Enqueue(pair);
    }

    /// <summary>Merges until there are so many pieces, or nothing is left.</summary>
    public List<string> Merge(int count)
    {
        List<string> pieces = [];
        HashSet<string> known = new(StringComparer.Ordinal);
        while (pieces.Count < count && _queue.TryDequeue(out (string, string) pair, out (long Negative, string, string) order))
        {
            long now = _pairs.GetValueOrDefault(pair);
            if (now < 2) continue;
            if (now != -order.Negative)
            {
                Enqueue(pair); // counted anew since
                continue;
            }

            if (known.Add(pair.Item1 + pair.Item2)) pieces.Add(pair.Item1 + pair.Item2);
            Apply(pair);
        }

        return pieces;
    }

    private void Apply((string Left, string Right) pair)
    {
        HashSet<(string, string)> touched = [];
        foreach (int word in _where[pair].Order().ToArray())
        {
            Count(word, -1);
            (string[] symbols, int count) = _words[word];
            List<string> merged = [];
            for (int i = 0; i < symbols.Length; i++)
            {
                bool hit = i + 1 < symbols.Length && symbols[i] == pair.Left && symbols[i + 1] == pair.Right;
                merged.Add(hit ? pair.Left + pair.Right : symbols[i]);
                if (hit) i++;
            }

            _words[word] = ([.. merged], count);
            Count(word, 1);
            for (int i = 0; i + 1 < merged.Count; i++) touched.Add((merged[i], merged[i + 1]));
        }

        _pairs.Remove(pair);
        foreach ((string, string) other in touched) Enqueue(other);
    }

    private void Count(int word, int sign)
    {
        (string[] symbols, int count) = _words[word];
        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            if (symbols[i].Length + symbols[i + 1].Length > _maxLength) continue;
            (string, string) pair = (symbols[i], symbols[i + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(_pairs, pair, out _) += (long)sign * count;
            ref HashSet<int>? words = ref CollectionsMarshal.GetValueRefOrAddDefault(_where, pair, out _);
            words ??= [];
            if (sign > 0) words.Add(word);
        }
    }

    private void Enqueue((string Left, string Right) pair)
    {
        if (_pairs.TryGetValue(pair, out long count) && count > 1) _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
    }
}
