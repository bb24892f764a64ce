using RwkvX.AI.Evaluation.Tasks;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>Invents sentences from patterns and words: senseless, but of many shapes.</summary>
/// <param name="split">Which words it uses.</param>
internal sealed class Grammar(WordSplit split)
{
    private static readonly string[] Patterns =
    [
        "The {a} {n} {v} the {n} before the {n} was {a}.",
        "{P} {v} a {a} {n} and two {n}s.",
        "In {c} the {n} near the {n} is {a} in winter and {a} in spring.",
        "Nobody {v} the {n}, although the {a} {n} stood by the {n}.",
        "When {P} {v} the {n}, the {a} {n} had already gone.",
        "It was a {a}, {a} morning, and {P} {v} the {n} without a word.",
        "{P} and {P} {v} the {n} together, as they did every year in {c}.",
        "There are {d} {n}s in the {n}, most of them {a}.",
        "A {p} from {c} once {v} the {n} for {d} days.",
        "Why the {n} was {a}, the {p} could not say.",
        "The {p} said that the {n} would be {a} again by evening.",
        "Under the {a} {n} lay a {n}, a {n} and a {a} {n}.",
        "Some {v} the {n}; others {v} only the {n}.",
        "By the {n}, {P} {v} {f} and talked about the {a} {n}.",
        "Of all the {n}s in {c}, this one was the most {a}.",
        "The {t} was discussed at length, and the {p} {v} the {n}.",
        "If the {n} is {a}, the {n} must be {a} as well, {P} thought.",
        "Every {n} has its {n}, they say in {c}.",
        "{P}, a {a} {p}, {v} the {n} of the {n}.",
        "On page {d} the book tells how a {w} {v} the {n}.",
        "After {d} hours the {n} stopped, and a {a} {n} began.",
        "They had {f} and {f} for supper, and a {a} {w} afterwards.",
        "The {l} slept beside the {n} while the {l} {v} the {n}.",
        "To the north of {c} the {n}s are {a}, to the south they are {a}.",
    ];

    private static readonly string[] Notes =
    [
        "- {n}: {a}, checked by {P}.", "Note {d}: the {n} in {c} is {a}.", "* {t}: nothing new this week.", "{d}. {P} {v} the {n}.",
        "{t}: {a}; see {n} {d}.", "Reminder: the {a} {n} goes back to the {p}.", "TODO: ask the {p} about the {n}.", "{c}, day {d}: {a} and {a}.",
    ];

    private static readonly string[] Lines =
    [
        "{P}: Has anyone seen the {a} {n}?", "{P}: I {v} it near the {n} in {c}.", "{P}: The {p} says the {n} is {a}.", "{P}: We should talk about the {t} later.",
        "{P}: Fine, but the {n} is still {a}.", "{P}: Let us have {f} first.", "{P}: Who {v} the {n}?", "{P}: That was {d} days ago.", "{P}: Good, then the {t} can wait.",
    ];

    private readonly WordList _words = new(split);

    /// <summary>A sentence of prose.</summary>
    public string Sentence(Random random) => Fill(Patterns[random.Next(Patterns.Length)], random);

    /// <summary>A line of somebody's notes.</summary>
    public string Note(Random random) => Fill(Notes[random.Next(Notes.Length)], random);

    /// <summary>A line of a conversation among people.</summary>
    public string Dialogue(Random random) => Fill(Lines[random.Next(Lines.Length)], random);

    /// <summary>Replaces each <c>{letter}</c> by a word.</summary>
    private string Fill(string pattern, Random random)
    {
        System.Text.StringBuilder text = new();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '{')
            {
                text.Append(pattern[i]);
                continue;
            }

            string word = Word(pattern[i + 1], random);
            text.Append(text.Length == 0 ? Fact.Capital(word) : word);
            i += 2;
        }

        return Articles.Mend(text.ToString());
    }

    private string Word(char kind, Random random) => kind switch
    {
        'a' => _words.From(Vocabulary.Adjectives, random),
        'n' => _words.From(Vocabulary.Nouns, random),
        'v' => _words.From(Vocabulary.Verbs, random),
        'P' => random.Next(5) == 0 ? _words.InventName(random) : _words.From(Vocabulary.FirstNames, random),
        'c' => _words.From(Vocabulary.Cities, random),
        'p' => _words.From(Vocabulary.Professions, random),
        'f' => _words.From(Vocabulary.Foods, random),
        'l' => _words.From(Vocabulary.Animals, random),
        't' => _words.From(Vocabulary.Topics, random),
        'd' => $"{random.Next(2, 100)}",
        _ => _words.Invent(random),
    };
}
