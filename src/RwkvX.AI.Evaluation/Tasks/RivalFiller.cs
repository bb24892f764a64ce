using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>
/// Text in which a few words come up again and again that begin like those of the facts, as the names of a book do: instead of every name within a sentence, and of one other word in forty.
/// Numbers begin like those of the facts too, and here and there it says of somebody of a like name what a fact says.
/// Between pieces of many texts nothing is near to what is looked for, and a model that never had to tell Anna from an Anne on every page takes one for the other; so it does with 55200 and a 55734.
/// </summary>
internal sealed partial class RivalFiller : IFiller
{
    private const int Most = 6; // of each kind

    private readonly IFiller _text;
    private readonly int _apart; // pieces from one fact of somebody alike to the next
    private readonly IReadOnlyList<Fact> _facts;
    private readonly WordList _allWords;
    private readonly string[] _names, _words, _numbers;

    /// <summary>Other text with words like those of some facts.</summary>
    public RivalFiller(IFiller text, IReadOnlyList<Fact> facts, WordList words, Random random)
    {
        (_text, _facts, _allWords) = (text, facts, words);
        _apart = 1 + Drawn.Count(random, 20);
        string[] told = Drawn.Shuffled(facts.SelectMany(fact => $"{fact.Subject} {fact.Value}".Split(' ')).Where(word => word.Length > 2).Distinct(), random);
        string[] plain = [.. told.Where(word => word.All(char.IsAsciiLetter))];
        _names = RivalsOf(char.IsAsciiLetterUpper);
        _words = RivalsOf(char.IsAsciiLetterLower);
        _numbers = [.. told.Where(word => word.All(char.IsAsciiDigit))];

        string[] RivalsOf(Func<char, bool> begins) => [.. plain.Where(word => begins(word[0])).Take(Most).Select(word => words.Rival(word, random))];
    }

    /// <inheritdoc/>
    public string Next(Random random)
    {
        if (random.Next(_apart) == 0) return _facts[random.Next(_facts.Count)].Alike(_facts, _allWords, random).Statement(random) + _text.Joint(random);
        string text = Word().Replace(_text.Next(random), match =>
        {
            uint place = WordList.Hash(match.Value); // the same word has the same rival throughout
            string[] rivals = char.IsAsciiLetterUpper(match.Value[0]) ? _names : place / 8 % 40 == 0 ? _words : [];
            return rivals.Length == 0 ? match.Value : rivals[place % rivals.Length];
        });
        return _numbers.Length == 0 ? text : Number().Replace(text, _ => _allWords.Rival(_numbers[random.Next(_numbers.Length)], random));
    }

    /// <inheritdoc/>
    public string Joint(Random random) => _text.Joint(random);

    /// <summary>Words within a sentence.</summary>
    [GeneratedRegex("(?<=[a-z,;] )[A-Za-z][a-z]{2,}")]
    private static partial Regex Word();

    /// <summary>Whole numbers of three digits or more.</summary>
    [GeneratedRegex(@"(?<![\d:.,])\d{3,}(?![\d:]|[.,]\d)")]
    private static partial Regex Number();
}
