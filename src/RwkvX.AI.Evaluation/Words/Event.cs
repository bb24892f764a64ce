using RwkvX.AI.Evaluation.Tasks;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>Something that somebody did or will do: an <see cref="Act"/> said in one of many ways. Any part of it is asked for by any verb that means the same; what is left out is not told.</summary>
internal sealed class Event
{
    private static readonly string[] PastTimes =
    [
        "on {D}", "on {D}", "last {D}", "on {E}", "on {E}", "in {o}", "in {Y}", "at {M}", "on {D} at {M}", "yesterday", "yesterday morning", "the day before yesterday", "this morning", "last night", "last week", "last winter", "two days ago", "{x} days ago",
        "a month ago", "{x} years ago", "in the spring of {Y}", "before breakfast", "after supper", "during the night", "at noon", "at the weekend", "on the first day of {o}", "at the end of {o}", "early in {o}", "in the summer break", "just before midnight",
    ];

    private static readonly string[] FutureTimes =
    [
        "on {D}", "on {D}", "next {D}", "on {E}", "on {E}", "in {o}", "at {M}", "on {D} at {M}", "tomorrow", "tomorrow morning", "tonight", "next week", "next spring", "in two weeks", "in {x} days", "the day after tomorrow", "before the end of {o}",
        "after lunch", "at the weekend", "early in {o}", "next year", "in the autumn",
    ];

    private static readonly string[] Places =
    [
        "in the {r}", "in the {r}", "at the {r}", "behind the {r}", "in front of the {r}", "next to the {r}", "in {c}", "in {c}", "near {c}", "in the village", "at home", "by the river", "on the island", "at {R}'s house", "in the old part of {c}", "outside the town",
        "in the house of {R}", "on the way to {c}", "in the next street",
    ];

    private static readonly (string Text, string Answer)[] Companions =
        [("with {Q}", "{Q}"), ("with {Q}", "{Q}"), ("together with {Q}", "{Q}"), ("with the help of {Q}", "{Q}"), ("with a {p}", "a {p}"), ("together with a {p} from {c}", "a {p} from {c}")];

    private static readonly string[] Reports = ["{R} says that ", "I heard that ", "{R} told me that ", "According to {R}, ", "It seems that ", "The paper says that ", "{R} wrote that ", "As everybody knows, "];

    // Questions. {A} is who did it, {M} the same as an object, {o} what it was done to, {k} its kind, {n} the act as a noun; {b} the verb, {f} its form behind "who"; {x} did or will, {h} helped or will help; {q} passive, such as "was the tap mended", {p} without the tap; {t} when or where.
    private static readonly string[] OfDoer =
        ["Who {f} {o}?", "Who {f} {o}?", "Who is it that {f} {o}?", "By whom {q}?", "Any idea who {f} {o}?", "Do we know who {f} {o}?", "Who {f} the {k}?", "Who {f} {o} {t}?", "Who was behind {n}?", "Who {f} something {t}?", "By whom {q} {t}?"];

    private static readonly string[] OfThing =
    [
        "What {x} {A} {b}?", "What {x} {A} {b}?", "What {p} by {M}?", "Which {k} {x} {A} {b}?", "Which {k} {p} by {M}?", "What is it that {A} {f}?", "Do you know what {A} {f}?", "What {x} {A} {b} {t}?", "What {p} {t}?", "What {p} by {M} {t}?",
    ];

    private static readonly string[] OfPerson = [.. OfThing.Select(question => question.Replace("What", "Who", StringComparison.Ordinal).Replace("what", "who", StringComparison.Ordinal)), "Whom {x} {A} {b}?"];
    private static readonly string[] OfTime = ["When {x} {A} {b} {o}?", "When {x} {A} {b} {o}?", "When {q}?", "When {x} {n} take place?", "Do you know when {A} {f} {o}?", "When was it that {A} {f} {o}?", "When {x} {A} {b} the {k}?", "When {q} by {M}?"];
    private static readonly string[] OfPlace = ["Where {x} {A} {b} {o}?", "Where {x} {A} {b} {o}?", "Where {q}?", "Where {x} {n} take place?", "Any idea where {A} {f} {o}?", "In what place {q}?", "Where {x} {A} {b} the {k}?", "Where was it that {A} {f} {o}?"];
    private static readonly string[] OfMeans = ["How {x} {A} {b} {o}?", "How {x} {A} {b} {o}?", "How {q}?", "In what way {x} {A} {b} {o}?", "Do you know how {A} {f} {o}?", "How {x} {A} {b} the {k}?", "How {q} by {M}?"];

    private static readonly string[] OfReason =
        ["Why {x} {A} {b} {o}?", "Why {x} {A} {b} {o}?", "Why {q}?", "What is the reason for {n}?", "For what reason {x} {A} {b} {o}?", "Do you know why {A} {f} {o}?", "How come {A} {f} {o}?", "Why {x} {A} {b} the {k}?", "What {x} {A} {b} {o} for?"];

    private static readonly string[] OfCompanion = ["Who {h} {M} {b} {o}?", "With whom {x} {A} {b} {o}?", "Who {x} {A} {b} {o} with?", "Who {f} {o} together with {M}?", "Who {h} {M} {b} the {k}?", "With whose help {x} {A} {b} {o}?"];

    private readonly Random _random;
    private readonly WordList _words;
    private readonly Act _act;
    private readonly Act.Thing _object;
    private readonly Doer _doer;
    private readonly bool _isPast;
    private readonly bool _isDoerTold;
    private readonly string _report;
    private readonly Circumstance[] _told;
    private readonly Circumstance[] _settings; // of these when and where
    private readonly Circumstance[] _untold;

    private Event(Act act, bool isOwn, Cast? cast, WordList words, Random random)
    {
        Dictionary<string, string> drawn = [];
        (_random, _words, _act) = (random, words, act);
        _object = Fact.Pick(act.Objects, random);
        _isPast = random.Next(4) > 0;
        _doer = DrawDoer();
        _isDoerTold = _doer.Answer is null || random.Next(7) > 0;
        _report = _doer.Answer is not null && random.Next(10) == 0 ? Fill(Fact.Pick(Reports, random)) : "";
        string time = Fact.Pick(_isPast ? PastTimes : FutureTimes, random), place = Fact.Pick(Places, random);
        (string companion, string answer) = Companions[random.Next(Companions.Length)];
        Circumstance[] all = // in the order in which they are said
        [
            Of(Role.Means, Fact.Pick(act.Means, random), OfMeans), new(Role.Companion, Fill(companion), Fill(answer), OfCompanion), Of(Role.Place, Fill(place), [.. OfPlace, .. MoreOf(place)]),
            Of(Role.Time, Fill(time), [.. OfTime, .. MoreOf(time)]), Of(Role.Reason, Fact.Pick(act.Reasons, random), OfReason),
        ];
        Circumstance[] shuffled = Drawn.Shuffled(all, random);
        _untold = shuffled[random.Next(0, 4)..];
        _told = [.. all.Except(_untold)];
        _settings = [.. _told.Where(one => one.Role is Role.Time or Role.Place)];

        string Fill(string pattern) => Remark.Fill(pattern, drawn, cast, words, random);

        Doer DrawDoer()
        {
            string someone = Fact.Pick(act.Doers, random);
            string? ours = someone.Split(' ', 2) is ["my" or "our", var rest] ? rest : null;
            if (ours is not null && !isOwn) someone = $"the {ours}";
            return random.Next(9) switch
            {
                0 or 1 when isOwn => new("I", "me", ["I"], null),
                2 when isOwn => new("we", "us", ["we"], null),
                3 or 4 or 5 when isOwn => new(Fill("my {K}"), Fill("my {K}"), [Fill("my {K}")], Fill("your {K}")),
                6 when isOwn => new(Fill("my {K} {P}"), Fill("my {K} {P}"), [Fill("my {K}"), Fill("{P}")], Fill("your {K} {P}")),
                < 4 => Named(Fill("{P}")),
                4 => Named(Fill("{P}'s {K}")),
                _ => new(someone, someone, [Act.Thing.Definite(someone)], ours is not null && isOwn ? $"your {ours}" : someone),
            };
        }

        static Doer Named(string name) => new(name, name, [name], name);
        static Circumstance Of(Role role, string text, string[] questions) => new(role, text, text, questions);
    }

    private enum Role
    {
        Means,
        Companion,
        Place,
        Time,
        Reason,
    }

    /// <summary>What happened, and what may be asked of it.</summary>
    /// <param name="act">What somebody did.</param>
    /// <param name="isOwn">Whether a user tells it of himself and his own people.</param>
    /// <param name="cast">Who is in the text; null for somebody else in each statement.</param>
    /// <param name="words">The words.</param>
    /// <param name="random">Decides.</param>
    public static Remark.Said Draw(Act act, bool isOwn, Cast? cast, WordList words, Random random) => new Event(act, isOwn, cast, words, random).Say();

    private Remark.Said Say()
    {
        string[] ofObject = _object.IsPerson ? OfPerson : OfThing;
        if (!_isDoerTold) ofObject = [.. ofObject, _object.IsPerson ? "Who {p}?" : "What {p}?"];
        List<(string[] Questions, string Answer)> asked = [(All(ofObject), Sentence(_object.Name)), .. _told.Select(one => (All(one.Questions), Sentence(one.Answer)))];
        if (_isDoerTold && _doer.Answer is { } doer) asked.Add((All(OfDoer), Sentence(doer)));
        List<string> untold = [.. _untold.SelectMany(one => Some(one.Questions, _object, _doer))];
        if (!_isDoerTold) untold.AddRange(Some(OfDoer, _object, _doer));
        Act.Thing[] others = [.. _act.Objects.Where(other => other != _object && other.Kind != _object.Kind)];
        if (others.Length > 0) untold.AddRange(Some([.. OfDoer.Where(question => question.Contains("{o}", StringComparison.Ordinal))], Fact.Pick(others, _random), _doer)); // the same done to something else
        string somebody = _words.From(Vocabulary.FirstNames, _random);
        if (_isDoerTold && !_doer.Name.Contains(somebody, StringComparison.Ordinal)) untold.AddRange(Some([.. ofObject.Where(HasDoer)], _object, new(somebody, somebody, [somebody], somebody))); // or by somebody else
        return new(null, Statement(), [.. asked.Where(one => one.Questions.Length > 0)], [.. untold]);
    }

    private string Statement()
    {
        Verb verb = Fact.Pick(_act.Verbs, _random);
        List<Circumstance> rest = [.. _told];
        string before = Take(4, Role.Time, Role.Place, Role.Reason) is { } first ? first.Text + ", " : "", after = "";
        if (_isPast && Take(6, Role.Time, Role.Place) is { } setting) after = $" {Fact.Pick(["This happened", "That was", "It was done"], _random)} {setting.Text}.";
        else if (_isPast && Take(3, Role.Companion) is { } helper) after = $" {Sentence(helper.Answer)[..^1]} helped.";
        (string who, string what, string tail) = (_doer.Name, _object.Name, string.Concat(rest.Select(one => " " + one.Text)));
        string was = _isPast ? _object.IsPlural ? "were" : "was" : "will be", will = _random.Next(2) == 0 ? "will" : who switch { "I" => "am going to", "we" => "are going to", _ => "is going to" };
        bool isSpeaker = _doer.Answer is null;
        string said = _random.Next(12) switch
        {
            _ when !_isDoerTold => $"{what} {was} {verb.Participle}{tail}",
            0 or 1 or 2 => $"{what} {was} {verb.Participle} by {_doer.AsObject}{tail}",
            3 when _isPast && !isSpeaker => $"it was {who} who {verb.Past} {what}{tail}",
            4 when _isPast && !_told.Any(one => one.Role == Role.Time) => $"{who} {(isSpeaker ? "have" : "has")} {verb.Participle} {what}{tail}",
            5 when _isPast && !isSpeaker && _act.Noun is { } noun && rest.Exists(one => one.Role is Role.Time or Role.Place) => $"the {noun} of {what} by {who} took place{tail}",
            _ => $"{who} {(_isPast ? verb.Past : $"{will} {verb.Base}")} {what}{tail}",
        };
        return Fact.Capital(_report + before + said) + "." + after;

        Circumstance? Take(int times, params Role[] roles)
        {
            if (_random.Next(times) > 0 || rest.Find(one => roles.Contains(one.Role)) is not { } one) return null;
            rest.Remove(one);
            return one;
        }
    }

    /// <summary>Each question by each of the verbs.</summary>
    private string[] All(string[] questions) => [.. questions.Where(IsFit).SelectMany(question => _act.Verbs.Select(verb => Fill(question, verb, _object, _doer))).Distinct()];

    /// <summary>Some of the questions.</summary>
    private IEnumerable<string> Some(string[] questions, Act.Thing thing, Doer doer)
    {
        string[] fit = [.. questions.Where(IsFit)];
        return Enumerable.Range(0, Math.Min(3, fit.Length)).Select(_ => Fill(Fact.Pick(fit, _random), Fact.Pick(_act.Verbs, _random), thing, doer));
    }

    /// <summary>Whether there are words for all of a question.</summary>
    private bool IsFit(string question) =>
        (_object.Kind is not null || !question.Contains("{k}", StringComparison.Ordinal))
        && (_act.Noun is not null || !question.Contains("{n}", StringComparison.Ordinal))
        && (_isDoerTold || !HasDoer(question))
        && (!question.Contains("{t}", StringComparison.Ordinal) || _settings.Length > 0);

    private static bool HasDoer(string question) => question.Contains("{A}", StringComparison.Ordinal) || question.Contains("{M}", StringComparison.Ordinal);

    private string Fill(string question, Verb verb, Act.Thing thing, Doer doer)
    {
        string thingKnown = thing.Known, was = thing.IsPlural ? "were" : "was";
        string whoDid = question.StartsWith("Who {f}", StringComparison.Ordinal) && _random.Next(2) == 0 ? "is going to" : "will";
        string asked = question.Replace("{q}", _isPast ? $"{was} {{o}} {{v}}" : "will {o} be {v}", StringComparison.Ordinal).Replace("{p}", _isPast ? "was {v}" : "will be {v}", StringComparison.Ordinal)
            .Replace("{A}", doer.Asked.Length == 1 ? doer.Asked[0] : Fact.Pick(doer.Asked, _random), StringComparison.Ordinal).Replace("{M}", doer.Answer is null ? doer.AsObject : doer.Asked[^1], StringComparison.Ordinal)
            .Replace("{o}", thingKnown, StringComparison.Ordinal).Replace("{k}", _object.Kind, StringComparison.Ordinal).Replace("{n}", $"the {_act.Noun} of {thingKnown}", StringComparison.Ordinal)
            .Replace("{b}", verb.Base, StringComparison.Ordinal).Replace("{v}", verb.Participle, StringComparison.Ordinal).Replace("{f}", _isPast ? verb.Past : $"{whoDid} {verb.Base}", StringComparison.Ordinal)
            .Replace("{x}", _isPast ? "did" : "will", StringComparison.Ordinal).Replace("{h}", _isPast ? "helped" : "will help", StringComparison.Ordinal);
        return asked.Contains("{t}", StringComparison.Ordinal) ? asked.Replace("{t}", Fact.Pick(_settings, _random).Text, StringComparison.Ordinal) : asked;
    }

    /// <summary>What is asked where it is clear what kind of time or place the answer is.</summary>
    private static string[] MoreOf(string setting) => setting switch
    {
        "on {D}" or "last {D}" or "next {D}" => ["On which day {x} {A} {b} {o}?", "Which day was it that {A} {f} {o}?"],
        "on {E}" => ["On which date {x} {A} {b} {o}?", "On what date {q}?"],
        "in {o}" => ["In which month {x} {A} {b} {o}?", "In which month {q}?"],
        "in {Y}" => ["In which year {x} {A} {b} {o}?", "In what year {q}?"],
        "at {M}" => ["At what time {x} {A} {b} {o}?", "At what time {q}?"],
        "in {c}" => ["In which city {x} {A} {b} {o}?", "In which town {q}?"],
        "in the {r}" => ["In which part of the building {x} {A} {b} {o}?"],
        _ => [],
    };

    private static string Sentence(string answer) => Fact.Capital(answer) + ".";

    /// <summary>Who did it.</summary>
    /// <param name="Name">As it is told.</param>
    /// <param name="AsObject">Behind a preposition.</param>
    /// <param name="Asked">As it may be called in a question.</param>
    /// <param name="Answer">The answer to who; null where the speaker did it.</param>
    private sealed record Doer(string Name, string AsObject, string[] Asked, string? Answer);

    /// <summary>When, where, how, why, or with whom.</summary>
    private sealed record Circumstance(Role Role, string Text, string Answer, string[] Questions);
}
