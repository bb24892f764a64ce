using System.Text.RegularExpressions;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>Words that people put before what they say and ask.</summary>
internal static partial class Manner
{
    private static readonly string[] Telling = ["By the way, ", "Oh, and ", "Just so you know, ", "I wanted to tell you that ", "You should know that ", "Well, ", "Another thing: ", "Did I tell you? ", "Please remember that ", "Also, "];
    private static readonly string[] Asking = ["And ", "So ", "Tell me, ", "Remind me: ", "Please tell me: ", "Do you remember? ", "One more question: ", "Now, ", "Hey, ", "By the way, "];

    /// <summary>A statement, one time in three with something before it.</summary>
    public static string Tell(string statement, Random random) => random.Next(3) > 0 ? statement : Fact.Pick(Telling, random) is var before && before.EndsWith("? ", StringComparison.Ordinal) ? before + statement : before + Small(statement);

    /// <summary>A question, one time in three with something before or behind it.</summary>
    public static string Ask(string question, Random random) => random.Next(9) switch
    {
        0 or 1 => Fact.Pick(Asking, random) is var before && before.EndsWith("? ", StringComparison.Ordinal) ? before + question : before + char.ToLowerInvariant(question[0]) + question[1..],
        2 when question.EndsWith('?') => question[..^1] + (random.Next(2) == 0 ? " again?" : ", please?"),
        _ => question,
    };

    private static string Small(string statement) => First().IsMatch(statement) ? char.ToLowerInvariant(statement[0]) + statement[1..] : statement;

    /// <summary>What is capital at the beginning of a sentence alone.</summary>
    [GeneratedRegex("^(?:My|Our|We|The|On|In|At|Last|This|Yesterday|For|Every|It|Before|After|If|Because|Please|There|You|As) ")]
    private static partial Regex First();
}
