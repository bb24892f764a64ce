using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>
/// Text in which a few words come up again and again that begin like those of the facts, as the names of a book do: instead of every name within a sentence, and of one other word in forty.
/// Between pieces of many texts no word is near to what is looked for, and a model that never had to tell Anna from an Anne on every page takes one for the other.
/// </summary>
internal sealed partial class RivalFiller : IFiller
{
    private const int Most = 6; // of each kind

    private readonly IFiller _text;
    private readonly string[] _names, _words;

    /// <summary>Other text with words like those of some facts.</summary>
    public RivalFiller(IFiller text, IReadOnlyList<Fact> facts, WordList words, Random random)
    {
        _text = text;
        string[] told = Drawn.Shuffled(facts.SelectMany(fact => $"{fact.Subject} {fact.Value}".Split(' ')).Where(word => word.Length > 2 && (word.All(char.IsAsciiLetter) || word.All(char.IsAsciiDigit))).Distinct(), random);
        _names = [.. told.Where(word => char.IsAsciiLetterUpper(word[0])).Take(Most).Select(Like)];
        _words = [.. told.Where(word => !char.IsAsciiLetterUpper(word[0])).Take(Most).Select(Like)];

        // Never the same word: filler has facts of its own, which nobody shall take for one of these.
        string Like(string word) => char.IsAsciiDigit(word[0]) ? word[..2] + random.Next(10, 1000) : words.Rival(word, random);
    }

    /// <inheritdoc/>
    public string Next(Random random) => Word().Replace(_text.Next(random), match =>
    {
        uint place = WordList.Hash(match.Value); // the same word has the same rival throughout
        string[] rivals = char.IsAsciiLetterUpper(match.Value[0]) ? _names : place / 8 % 40 == 0 ? _words : [];
        return rivals.Length == 0 ? match.Value : rivals[place % rivals.Length];
    });

    /// <inheritdoc/>
    public string Joint(Random random) => _text.Joint(random);

    /// <summary>Words within a sentence.</summary>
    [GeneratedRegex("(?<=[a-z,;] )[A-Za-z][a-z]{2,}")]
    private static partial Regex Word();
}
