using System.Text.RegularExpressions;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>Ways to say and ask the same: words before it, contractions, questions within a sentence.</summary>
internal static partial class Manner
{
    private static readonly string[] Telling = ["By the way, ", "Oh, and ", "Just so you know, ", "I wanted to tell you that ", "You should know that ", "Well, ", "Another thing: ", "Did I tell you? ", "Please remember that ", "Also, "];
    private static readonly string[] Asking = ["And ", "So ", "Tell me, ", "Remind me: ", "Please tell me: ", "Do you remember? ", "One more question: ", "Now, ", "Hey, ", "By the way, "];
    private static readonly string[] Within = ["Can you tell me {0}?", "Do you know {0}?", "Do you remember {0}?", "Could you tell me {0}, please?", "I forgot {0}.", "Tell me {0}.", "I would like to know {0}.", "Please tell me {0}."];

    private static readonly (string Long, string Short)[] Contractions =
    [
        ("I am ", "I'm "), ("I have a ", "I've got a "), ("I have an ", "I've got an "), ("I have two ", "I've got two "), ("I have been ", "I've been "), ("I have bought", "I've bought"), ("I have put", "I've put"), ("I have moved", "I've moved"), ("I have booked", "I've booked"),
        ("I have known", "I've known"), ("I will ", "I'll "), ("we will ", "we'll "), ("We are ", "We're "), ("It is ", "It's "), ("it is ", "it's "), (" do not ", " don't "), (" does not ", " doesn't "), (" did not ", " didn't "), (" is not ", " isn't "), (" must not ", " mustn't "),
        (" cannot ", " can't "), ("What is ", "What's "), ("Who is ", "Who's "), ("Where is ", "Where's "), ("When is ", "When's "), ("How is ", "How's "), ("what is ", "what's "), ("who is ", "who's "), ("where is ", "where's "), ("when is ", "when's "), ("My name is ", "My name's "),
    ];

    private static readonly HashSet<string> Participles =
        [.. EverydayWords.Forms.Values.Concat(Act.All.SelectMany(act => act.Verbs)).Select(verb => verb.Participle.Split(' ')[0]).Concat(Vocabulary.Split("given spent born written spoken taught told known seen set put cut paid held won shot hung lent run"))];

    /// <summary>A statement, one time in three with something before it.</summary>
    public static string Tell(string statement, Random random)
    {
        string said = Contract(statement, random), before = Fact.Pick(Telling, random);
        if (random.Next(3) > 0) return said;
        return before + (Capital().IsMatch(said) && !before.EndsWith("? ", StringComparison.Ordinal) ? Fact.Small(said) : said);
    }

    /// <summary>A question, half of the time in another form.</summary>
    public static string Ask(string question, Random random)
    {
        if (random.Next(4) == 0 && Indirect(question) is { } within) return Contract(string.Format(null, Fact.Pick(Within, random), within), random);
        question = Contract(question, random);
        string before = Fact.Pick(Asking, random);
        return random.Next(9) switch
        {
            0 or 1 => before + (before.EndsWith("? ", StringComparison.Ordinal) ? question : Fact.Small(question)),
            2 => question[..^1] + (random.Next(2) == 0 ? " again?" : ", please?"),
            _ => question,
        };
    }

    private static string Contract(string text, Random random)
    {
        if (random.Next(2) == 0) return text;
        foreach ((string @long, string @short) in Contractions) text = text.Replace(@long, @short, StringComparison.Ordinal);
        return text;
    }

    /// <summary>The question as a part of a sentence: <c>What is my dog called?</c> as <c>what my dog is called</c>; null where that is not to be told from its first words.</summary>
    private static string? Indirect(string question)
    {
        Match match = ToBe().Match(question);
        if (match.Success)
        {
            string[] words = match.Groups[3].Value.Split(' ');
            int done = Array.FindIndex(words, Math.Min(2, words.Length), Participles.Contains); // "when the shop was robbed by two boys"
            string[] said = done < 0 ? [.. words, match.Groups[2].Value] : [.. words[..done], match.Groups[2].Value, .. words[done..]];
            return $"{Fact.Small(match.Groups[1].Value)} {string.Join(' ', said)}{match.Groups[4].Value}";
        }

        match = ToDo().Match(question);
        if (match.Success) return $"{Fact.Small(match.Groups[1].Value)} {match.Groups[2].Value} {match.Groups[3].Value}";
        match = Subject().Match(question);
        return match.Success ? Fact.Small(match.Groups[1].Value) : null;
    }

    /// <summary>What is capital at the beginning of a sentence alone.</summary>
    [GeneratedRegex("^(?:My|Our|We|We're|The|On|In|At|Last|This|Yesterday|For|Every|It|It's|Before|After|If|Because|Please|There|You|As) ")]
    private static partial Regex Capital();

    [GeneratedRegex(@"^(What|Who|Where|When|How old|How long|Which \w+|What colour) (is|are|was|were) ((?:my|our|the|your) [\w' ]+?)( called| kept| from| about| made| named)?\?$")]
    private static partial Regex ToBe();

    [GeneratedRegex(@"^(What|Who|Where|When|How much|How many \w+|Which \w+|What \w+) do (I|we|they|people) ([\w' ]+)\?$")]
    private static partial Regex ToDo();

    [GeneratedRegex(@"^(Who (?!is |are |was |were |do |does |did |will |should |can |has |have )[\w' ,-]+)\?$")]
    private static partial Regex Subject();
}
