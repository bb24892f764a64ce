using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Questions about sentences that nobody wrote for it: who or what does something, or with, in, by, … what, asked in the sentence's own words.</summary>
internal static partial class ProseQuestions
{
    private static readonly HashSet<string> Functions = [.. "There It He She They We I You What Who Which Where When Why How If But And Or In On At By For From To So As Nothing Nobody This These That Those Note Though While Since Because Perhaps Once Also Whether Unless Until Here Then Now Such All Not No One".Split(' ')];

    /// <summary>A question whose words tell which sentence is meant, and the part of it that answers; null where there is none.</summary>
    public static (string Question, string Answer)? Of(string sentence, Random random)
    {
        Match clause = Clause().Match(sentence);
        if (!clause.Success || Functions.Contains(clause.Groups["subject"].Value.Split(' ')[0])) return null;
        string subject = clause.Groups["subject"].Value, verb = clause.Groups["verb"].Value, rest = clause.Groups["rest"].Value;
        if (rest.Split(' ').Length < 3) return null;
        Match place = Place().Match(rest);
        if (!place.Success || !clause.Groups["helps"].Success || random.Next(2) == 0) return ($"{Fact.Pick(["Who", "What", "Who or what"], random)} {verb} {rest}?", $"{subject}.");
        string preposition = Fact.Capital(place.Groups["preposition"].Value);
        if (Determiner().IsMatch(subject)) subject = Fact.Small(subject);
        return ($"{preposition} {Fact.Pick(["what", "what", "whom"], random)} {verb} {subject} {place.Groups["head"].Value}?", $"{preposition} {place.Groups["what"].Value}.");
    }

    [GeneratedRegex(@"^(?<subject>(?:Mr\.|Mrs\.|[A-Z][a-z]+)(?: [A-Za-z-]+){0,3}?) (?<verb>(?<helps>was|were|is|are|had|has|will|would|could|can|must|may|might|should)|[a-z]+ed|said|came|went|made|took|gave|found|told|saw|knew|left|began|brought|kept|held|sent|means|contains|uses|returns|gives|takes|lives|provides) (?<rest>[\w' -]+)[,;:.!]")]
    private static partial Regex Clause();

    [GeneratedRegex(@"^(?<head>.+) (?<preposition>in|at|on|with|by|from|for|of|to|under|near|behind|between|during|after|before|into|through|without|about) (?<what>(?:the |a |an |his |her |their |its |my |our |your |this |that )?[\w'-]+(?: [\w'-]+)?)$")]
    private static partial Regex Place();

    [GeneratedRegex("^(?:The|An?|His|Her|Their|Its|My|Our|Your|This|That|These|Those|Some|Many|Most|Every|Each|Any) ")]
    private static partial Regex Determiner();
}
