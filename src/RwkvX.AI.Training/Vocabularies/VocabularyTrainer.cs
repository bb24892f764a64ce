using System.Runtime.InteropServices;
using System.Text;

namespace RwkvX.AI.Training.Vocabularies;

/// <summary>Trains a byte-level vocabulary: pairs are merged by frequency (arXiv 1508.07909) beyond the size wanted, then what the longest-match encoder uses least is dropped.</summary>
public sealed class VocabularyTrainer
{
    private const int MaxPieceLength = 24; // bytes
    private const double Overshoot = 1.3;

    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Bytes of text seen.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Adds text to learn from.</summary>
    public void Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        ByteCount += bytes.Length;
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(PieceSplit.RunLength(bytes), 4 * MaxPieceLength);
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, Encoding.Latin1.GetString(bytes[..length]), out _)++;
            bytes = bytes[length..];
        }
    }

    /// <summary>The pieces by id, from id 1 on: all single bytes first.</summary>
    /// <param name="size">The vocabulary's size with id 0; at least 257.</param>
    public IReadOnlyList<byte[]> Train(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 257);
        int wanted = size - 257;
        List<string> pieces = new PairMerges(_counts, MaxPieceLength).Merge((int)(wanted * Overshoot));
        while (pieces.Count > wanted)
        {
            Dictionary<string, long> used = Use(pieces);
            int drop = Math.Clamp(pieces.Count / 20, 1, pieces.Count - wanted);
            HashSet<string> dropped = [.. pieces.OrderBy(piece => used.GetValueOrDefault(piece)).ThenBy(piece => piece, StringComparer.Ordinal).Take(drop)];
            pieces.RemoveAll(dropped.Contains);
        }

        return [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b }), .. pieces.Select(Encoding.Latin1.GetBytes)];
    }

    /// <summary>How often the encoder would use each piece, times the bytes that it saves.</summary>
    private Dictionary<string, long> Use(List<string> pieces)
    {
        HashSet<string> known = new(pieces, StringComparer.Ordinal);
        var lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();
        Dictionary<string, long> used = new(StringComparer.Ordinal);
        foreach ((string run, int count) in _counts)
        {
            for (int at = 0; at < run.Length;)
            {
                int length = Math.Min(MaxPieceLength, run.Length - at);
                while (length > 1 && !lookup.Contains(run.AsSpan(at, length))) length--;
                if (length > 1) CollectionsMarshal.GetValueRefOrAddDefault(used, run.Substring(at, length), out _) += (long)count * (length - 1);
                at += length;
            }
        }

        return used;
    }
}
