using RwkvX.AI.Evaluation.Tasks;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>One fact.</summary>
/// <param name="Relation">Its kind.</param>
/// <param name="Subject">Whom or what it is about.</param>
/// <param name="Value">What it says.</param>
internal sealed record Fact(Relation Relation, string Subject, string Value)
{
    public static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    /// <summary>What the model says of what it was never told.</summary>
    public static string[] Unknown { get; } = ["I do not know; that was never mentioned.", "I do not know. Nothing was said about that.", "I do not know, you have not told me that."];

    /// <summary>Share of questions about what was never told; less in training, where three tenths taught to say so of what had been told.</summary>
    public static double UnknownShare(WordList words) => words.IsTraining ? 0.2 : 0.3;

    /// <summary>A fact.</summary>
    public static Fact Draw(WordList words, Random random) => Draw(Relations(words), words, random);

    private static Fact Draw(Relation[] relations, WordList words, Random random)
    {
        Relation drawn = relations[random.Next(relations.Length)];
        return new Fact(drawn, SubjectOf(drawn.Subject, words, random), ValueOf(drawn.Value, words, random));
    }

    /// <summary>Facts that none of the known ones answers: of the same subject, of the same kind about somebody else, or of something else altogether.</summary>
    public static List<Fact> DrawUnknown(int count, IReadOnlyList<Fact> known, WordList words, Random random)
    {
        List<Fact> facts = [];
        for (int tries = 0; facts.Count < count && tries < 40 * count; tries++)
        {
            Fact fact = Draw(words, random), other = known[random.Next(known.Count)];
            fact = random.Next(3) switch
            {
                0 when fact.Relation.Subject == other.Relation.Subject => fact with { Subject = other.Subject },
                1 => fact with { Relation = other.Relation, Subject = SubjectOf(other.Relation.Subject, words, random) },
                _ => fact,
            };
            if (!known.Concat(facts).Any(told => told.Relation == fact.Relation && told.Subject == fact.Subject)) facts.Add(fact);
        }

        return facts;
    }

    /// <summary>Facts that differ in what would be asked.</summary>
    public static List<Fact> DrawMany(int count, WordList words, Random random, bool own = false)
    {
        List<Fact> facts = [];
        Relation[] relations = Relations(words);
        if (own) relations = [.. relations.Where(relation => relation.Own is not null)];
        // Of few kinds in half of training, so that it is for the subject to decide and not for the kind; some of them are ones that nobody thought of.
        else if (words.Surprises(random))
            relations = [.. Drawn.Shuffled(relations, random)[..random.Next(1, 4)].Select(kind => random.Next(4) == 0 ? Relation.Any(words.Any(random), kind.Subject) : kind)];
        for (int tries = 0; facts.Count < count && tries < 40 * count; tries++)
        {
            bool isRival = words.IsTraining && !own && facts.Count > 0 && random.Next(4) == 0;
            Fact fact = isRival ? facts[random.Next(facts.Count)].Rival(words, random) : Draw(relations, words, random);
            if (!facts.Any(other => other.Relation == fact.Relation && (own || other.Subject == fact.Subject))) facts.Add(fact);
        }

        return facts;
    }

    public string Statement(Random random) => Capital(Fill(Pick(Relation.Statements, random)));

    public string Question(Random random) => Capital(Fill(Pick(Relation.Questions, random)));

    public string Answer => Capital(Fill(Relation.Answer));

    public string OwnStatement(Random random) => Fill(Pick(Relation.Own!, random));

    public string OwnQuestion(Random random) => Pick(Relation.OwnQuestions!, random);

    public string OwnAnswer => Fill(Relation.OwnAnswer!);

    /// <summary>The same said of a subject that begins like this one's and is none of some facts; what it says begins like it too, but for times and dates.</summary>
    public Fact Alike(IReadOnlyList<Fact> others, WordList words, Random random)
    {
        while (true)
        {
            Fact fact = this with { Subject = Like(Subject), Value = Relation.Value is 'M' or 'E' ? ValueOf(Relation.Value, words, random) : Like(Value) };
            if (!others.Any(other => other.Subject == fact.Subject)) return fact;
        }

        string Like(string text)
        {
            string[] parts = text.Split(' ');
            int place = random.Next(parts.Length);
            parts[place] = words.Rival(parts[place], random);
            return string.Join(' ', parts);
        }
    }

    /// <summary>A fact that is easily taken for this one: of a subject that begins alike, or of the same subject with a value of the same kind; what it says often begins alike too.</summary>
    private Fact Rival(WordList words, Random random)
    {
        Relation[] same = random.Next(3) > 0 ? [] : [.. Relations(words).Where(other => other != Relation && (other.Subject, other.Value) == (Relation.Subject, Relation.Value))];
        string value = random.Next(2) == 0 ? ValueOf(Relation.Value, words, random) : Near(words, random);
        if (same.Length > 0) return new Fact(same[random.Next(same.Length)], Subject, value);
        int space = Subject.IndexOf(' ', StringComparison.Ordinal);
        string subject = Relation.Subject switch
        {
            'P' => space > 0 ? Subject[..space] : $"{Subject} {words.From(Vocabulary.Surnames, random)}",
            'N' when space > 0 => random.Next(2) == 0 ? $"{Subject[..space]} {words.From(Vocabulary.Nouns, random)}" : $"{words.From(Vocabulary.Adjectives, random)}{Subject[space..]}",
            _ => SubjectOf(Relation.Subject, words, random),
        };
        return new Fact(Relation, subject, value);
    }

    /// <summary>A value that begins as this one, or differs in a digit.</summary>
    private string Near(WordList words, Random random)
    {
        if (Value.All(char.IsAsciiLetter)) return words.Longer(Value, random);
        if (!Value.All(char.IsAsciiDigit)) return ValueOf(Relation.Value, words, random);
        char[] digits = Value.ToCharArray();
        digits[random.Next(1, digits.Length)] = (char)('0' + random.Next(10)); // two digits at least
        return new string(digits);
    }

    private static Relation[] Relations(WordList words) => words.IsTraining ? Relation.Training : Relation.All;

    private string Fill(string pattern) => Articles.Mend(pattern.Replace("{s}", Subject, StringComparison.Ordinal).Replace("{v}", Value, StringComparison.Ordinal));

    private static string SubjectOf(char kind, WordList words, Random random) => kind switch
    {
        'P' => words.Surprises(random) ? words.UnheardName(random) : Person(words, random),
        'T' => words.FromOrAny(Vocabulary.Topics, random),
        _ when words.Surprises(random) => $"{words.Any(random)} {words.Any(random)}",
        _ => $"{words.FromOrRival(Vocabulary.Adjectives, random)} {words.FromOrRival(Vocabulary.Nouns, random)}",
    };

    private static string ValueOf(char kind, WordList words, Random random) => kind switch
    {
        'p' or 'k' or 'f' or 'l' when words.Surprises(random) => words.Any(random),
        'N' when words.Surprises(random) => $"{words.Any(random)} {words.Any(random)}",
        'c' when words.Surprises(random) => words.InventName(random),
        'F' when words.Surprises(random) => words.UnheardName(random),
        'c' => random.Next(6) == 0 ? words.InventName(random) : words.FromOrRival(Vocabulary.Cities, random),
        'p' => words.FromOrRival(Vocabulary.Professions, random),
        'k' => words.FromOrRival(Vocabulary.Colours, random),
        'f' => words.FromOrRival(Vocabulary.Foods, random),
        'l' => words.FromOrRival(Vocabulary.Animals, random),
        'N' => $"{words.FromOrRival(Vocabulary.Adjectives, random)} {words.FromOrRival(Vocabulary.Nouns, random)}",
        'F' => Person(words, random),
        'D' => $"{random.Next(10, 100_000)}",
        'M' => $"{random.Next(7, 20)}:{random.Next(12) * 5:00}",
        'E' => $"{random.Next(1, 29)} {Months[random.Next(12)]}",
        _ => words.InventName(random),
    };

    private static string Person(WordList words, Random random) => random.Next(4) switch
    {
        0 => $"{words.FromOrRival(Vocabulary.FirstNames, random)} {(words.Surprises(random) ? words.InventName(random) : words.FromOrRival(Vocabulary.Surnames, random))}",
        1 => words.InventName(random),
        _ => words.FromOrRival(Vocabulary.FirstNames, random),
    };

    internal static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>As within a sentence.</summary>
    internal static string Small(string text) => char.ToLowerInvariant(text[0]) + text[1..];

    internal static T Pick<T>(T[] list, Random random) => list[random.Next(list.Length)];
}
