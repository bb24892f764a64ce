using System.Text.RegularExpressions;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>A kind of act, a line of <c>Phrases/acts.txt</c>: what is done, to what, by whom, how and why. All of a line fit each other.</summary>
/// <param name="Verbs">Such as <c>repair</c> and <c>mend</c>: they mean the same.</param>
/// <param name="Noun">Such as <c>purchase</c>; null for none.</param>
/// <param name="Objects">What it is done to.</param>
/// <param name="Doers">Who may do it, with their articles, beside people with names.</param>
/// <param name="Means">Answers to how.</param>
/// <param name="Reasons">Answers to why.</param>
internal sealed partial record Act(Verb[] Verbs, string? Noun, Act.Thing[] Objects, string[] Doers, string[] Means, string[] Reasons)
{
    /// <summary>All lines.</summary>
    public static Act[] All { get; } = [.. Phrases.Lines("acts").Select(Parse)];

    private static Act Parse(string line) => line.Split(" | ") is [var verbs, var noun, var objects, var doers, var means, var reasons]
        ? new([.. verbs.Split(", ").Select(Verb.Parse)], noun == "-" ? null : noun, [.. objects.Split("; ").Select(Thing.Parse)], doers.Split("; "), means.Split("; "), reasons.Split("; "))
        : throw new FormatException($"expected verbs | noun | objects | doers | means | reasons, found {line}");

    /// <summary>What an act is done to.</summary>
    /// <param name="Name">With its article.</param>
    /// <param name="Kind">What kind of thing it is; null where that does not tell it from others.</param>
    /// <param name="IsPlural">Whether there are several.</param>
    /// <param name="IsPerson">Whether one asks for it by <c>who</c>.</param>
    internal sealed partial record Thing(string Name, string? Kind, bool IsPlural, bool IsPerson)
    {
        /// <summary>As it is called once it was spoken of: <c>the kettle</c> for <c>a kettle</c>.</summary>
        public string Known => Definite(Name);

        /// <summary>Reads <c>a kettle (pot)</c>, <c>+two kettles</c>, <c>*the neighbour</c>, <c>*+three guests</c>.</summary>
        public static Thing Parse(string text)
        {
            Match match = Form().Match(text);
            string marks = match.Groups[1].Value;
            return match.Success
                ? new(match.Groups[2].Value, match.Groups[3].Success ? match.Groups[3].Value : null, marks.Contains('+'), marks.Contains('*'))
                : throw new FormatException($"expected a thing such as a kettle (pot) or +two kettles, found {text}");
        }

        /// <summary>A thing or person that was spoken of.</summary>
        public static string Definite(string name) => name.Split(' ', 2) switch
        {
            ["a" or "an" or "some" or "another", var rest] => "the " + rest,
            ["the" or "his" or "her" or "its" or "their" or "my" or "our" or "one" or "this" or "that" or "these" or "those" or "all" or "both" or "every", _] => name,
            _ => "the " + name,
        };

        [GeneratedRegex(@"^([*+]*)([^()]+?)(?: \(([^()]+)\))?$")]
        private static partial Regex Form();
    }
}
