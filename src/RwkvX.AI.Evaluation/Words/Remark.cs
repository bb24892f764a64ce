using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Tasks;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>A statement of everyday life and what may be asked of it: many shapes of sentences, any part of which is the answer. One statement in five belongs to the test split, so that its documents tell how the model does with shapes that it never saw.</summary>
/// <param name="statement">
/// With slots: P, Q, R are people, c, C cities, n, m things, s, z several of them, vb, vp, vd a verb and its past forms (ub, up another one), d, e, x, y numbers, the rest as <see cref="One"/> has it.
/// The same slot is the same word throughout; <c>!</c> makes it begin a sentence. Several ways to say the same, any of which may be drawn, are separated by <c> || </c>.
/// </param>
/// <param name="asked">Each <c>question|question => answer</c>; the answer <c>?</c> is that of questions near the statement that it does not tell.</param>
internal sealed partial class Remark(string statement, IEnumerable<string> asked)
{
    private const string NotTold = "?"; // the answer of what a statement leaves open

    private readonly (string[] Questions, string Answer)[] _asked = [.. asked.Select(line => line.Split(" => ")).Where(parts => parts[1] != NotTold).Select(parts => (parts[0].Split('|'), parts[1]))];
    private readonly string[] _untold = [.. asked.Select(line => line.Split(" => ")).Where(parts => parts[1] == NotTold).SelectMany(parts => parts[0].Split('|'))];

    private readonly string[] _ways = statement.Split(" || ");

    private readonly WordSplit _split = WordList.SplitOf(statement);

    /// <summary>What users say of themselves in chats.</summary>
    public static Remark[] OfUsers { get; } = Phrases.Remarks("chats");

    /// <summary>What letters, notices, minutes, news and stories say.</summary>
    public static Remark[] OfTexts { get; } = [.. new[] { "texts", "notices", "stories", "work", "reference", "technical", "paragraphs", "sentences", "ways" }.SelectMany(Phrases.Remarks)];

    /// <summary>Items of minutes, mails and notes of a group; what they decide stands in square brackets.</summary>
    public static Remark[] OfAgendas { get; } = Phrases.Remarks("agendas");

    /// <summary>Remarks of which no two answer one question; of training one in three is an <see cref="Event"/>.</summary>
    /// <param name="kinds">What to draw from.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="taken">Questions that something else answers; those of what is drawn are added.</param>
    /// <param name="cast">Who is in the text; null for somebody else in each statement.</param>
    /// <param name="words">The words.</param>
    /// <param name="random">Decides.</param>
    public static List<Said> DrawMany(Remark[] kinds, int count, HashSet<string> taken, Cast? cast, WordList words, Random random)
    {
        List<Said> remarks = [];
        Act? act = null;
        for (int tries = 0; remarks.Count < count && tries < 40 * count; tries++)
        {
            Said remark;
            if (words.IsTraining && random.Next(3) == 0)
            {
                if (act is null || random.Next(4) > 0) act = Fact.Pick(Act.All, random); // or what somebody did before, done by another
                remark = Event.Draw(act, kinds == OfUsers, cast, words, random);
            }
            else
            {
                Remark kind = kinds[random.Next(kinds.Length)];
                if (kind._split != words.Split) continue;
                remark = kind.Say(cast, words, random);
            }

            if (remark.Asked.Any(one => one.Questions.Any(taken.Contains))) continue;
            taken.UnionWith(remark.Asked.SelectMany(one => one.Questions));
            remarks.Add(remark);
        }

        return remarks;
    }

    /// <summary>A pattern with words in its slots.</summary>
    public static string Fill(string pattern, WordList words, Random random) => Fill(pattern, [], null, words, random);

    /// <summary>A pattern with words in its slots; the same slot is the same word as in others with these words.</summary>
    public static string Fill(string pattern, Dictionary<string, string> drawn, Cast? cast, WordList words, Random random) => Articles.Mend(Slot().Replace(pattern, match =>
    {
        string slot = match.Groups[1].Value;
        if (!drawn.ContainsKey(slot)) Draw(slot, drawn, cast, words, random);
        return match.Groups[2].Length > 0 ? Fact.Capital(drawn[slot]) : drawn[slot];
    }));

    private Said Say(Cast? cast, WordList words, Random random)
    {
        Dictionary<string, string> drawn = [];
        string said = Filled(_ways.Length == 1 ? statement : Fact.Pick(_ways, random));
        string Filled(string pattern) => Fill(pattern, drawn, cast, words, random);
        return new Said(this, said, [.. _asked.Select(one => (one.Questions.Select(Filled).ToArray(), Filled(one.Answer)))], [.. _untold.Select(Filled)]);
    }

    /// <summary>Draws a slot's word, unlike those of its kind that are there.</summary>
    private static void Draw(string slot, Dictionary<string, string> drawn, Cast? cast, WordList words, Random random)
    {
        if (slot is ['v' or 'u', 'b' or 'p' or 'd'])
        {
            Verb verb = EverydayWords.Forms[words.From(EverydayWords.Verbs, random)];
            (drawn[$"{slot[0]}b"], drawn[$"{slot[0]}p"], drawn[$"{slot[0]}d"]) = (verb.Base, verb.Past, verb.Participle);
            return;
        }

        string word;
        do word = cast is null ? One(slot, words, random) : cast.Draw(slot, () => One(slot, words, random), random);
        while (drawn.ContainsValue(word));
        drawn[slot] = word;
    }

    private static string One(string slot, WordList words, Random random) => slot switch
    {
        "P" or "Q" or "R" => random.Next(3) switch
        {
            0 => $"{words.From(Vocabulary.FirstNames, random)} {words.From(Vocabulary.Surnames, random)}",
            1 when words.Surprises(random) => words.UnheardName(random),
            _ => words.From(Vocabulary.FirstNames, random),
        },
        "S" => words.From(Vocabulary.Surnames, random),
        "c" or "C" => words.Surprises(random) ? words.InventName(random) : words.From(Vocabulary.Cities, random),
        "n" or "m" => Mostly(Vocabulary.Nouns, words, random),
        "a" or "b" => Mostly(Vocabulary.Adjectives, words, random),
        "t" or "T" => Mostly(Vocabulary.Topics, words, random),
        "p" or "B" => Mostly(Vocabulary.Professions, words, random),
        "l" => Mostly(Vocabulary.Animals, words, random),
        "f" or "g" => Mostly(Vocabulary.Foods, words, random),
        "k" or "q" or "h" => Mostly(Vocabulary.Colours, words, random),
        "h1" or "h2" => words.From(EverydayWords.Hobbies, random),
        "s" or "z" => words.From(EverydayWords.Plurals, random),
        "r" => words.From(EverydayWords.Places, random),
        "j" => words.From(EverydayWords.Offices, random),
        "K" => words.From(EverydayWords.Kin, random),
        "J" => words.From(EverydayWords.SeveralKin, random),
        "L" or "G" => words.From(EverydayWords.Languages, random),
        "i" => words.From(EverydayWords.Instruments, random),
        "Z" => words.From(EverydayWords.Subjects, random),
        "A" => words.From(EverydayWords.Favourites, random),
        "D" or "H" => EverydayWords.Days[random.Next(7)],
        "u" or "U" => EverydayWords.Ordinals[random.Next(EverydayWords.Ordinals.Length)],
        "o" => Fact.Months[random.Next(12)],
        "E" or "F" => $"{random.Next(1, 32)} {Fact.Months[random.Next(12)]}",
        "M" or "O" => $"{random.Next(6, 23)}:{random.Next(12) * 5:00}",
        "x" or "y" => $"{random.Next(2, 60)}",
        "Y" => $"{random.Next(1900, 2030)}",
        "d" or "e" => random.Next(3) switch { 0 => $"{random.Next(2, 100)}", 1 => $"{random.Next(100, 10_000)}", _ => $"{random.Next(1, 100)},{random.Next(1000):000}" },
        "w" => words.InventName(random),
        _ => throw new ArgumentException($"expected a slot that Remark knows, found {slot}", nameof(slot)),
    };

    /// <summary>A word of a list, or one time in four of training any word.</summary>
    private static string Mostly(string[] list, WordList words, Random random) => random.Next(2) == 0 ? words.From(list, random) : words.FromOrAny(list, random);

    [GeneratedRegex(@"\{(\w+)(!?)\}")]
    private static partial Regex Slot();

    /// <summary>A remark with its words.</summary>
    /// <param name="Kind">Whose words they are; null of a <see cref="Event"/>.</param>
    /// <param name="Statement">One sentence or more.</param>
    /// <param name="Asked">Questions with one answer each.</param>
    /// <param name="Untold">Questions near the statement that it does not answer.</param>
    internal sealed record Said(Remark? Kind, string Statement, (string[] Questions, string Answer)[] Asked, string[] Untold)
    {
        /// <summary>One of the questions, and its answer.</summary>
        public (string Question, string Answer) Ask(Random random)
        {
            (string[] questions, string answer) = Asked[random.Next(Asked.Length)];
            return (Fact.Pick(questions, random), answer);
        }

        /// <summary>A question that this statement leaves open: one near it, or one that it answers, of other people and things; null where that is told elsewhere, and one time in three, for a question about something else.</summary>
        /// <param name="taken">Questions that something answers.</param>
        /// <param name="cast">Who is in the text.</param>
        /// <param name="words">The words.</param>
        /// <param name="random">Decides.</param>
        public string? AskUntold(HashSet<string> taken, Cast? cast, WordList words, Random random)
        {
            if (random.Next(3) == 0) return null;
            if (Kind is null && Untold.Length == 0) return null;
            string question = Kind is null || (Untold.Length > 0 && random.Next(2) == 0) ? Fact.Pick(Untold, random) : Fill(Fact.Pick(Kind._asked[random.Next(Kind._asked.Length)].Questions, random), [], random.Next(2) == 0 ? cast : null, words, random);
            return taken.Contains(question) ? null : question;
        }
    }
}
