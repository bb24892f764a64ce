namespace RwkvX.AI.Evaluation.Words;

/// <summary>A verb in its forms.</summary>
/// <param name="Base">As in <c>to give up</c>.</param>
/// <param name="Past">As in <c>she gave up</c>.</param>
/// <param name="Participle">As in <c>it was given up</c>.</param>
internal sealed record Verb(string Base, string Past, string Participle)
{
    private const string Vowels = "aeiou";

    /// <summary>Longer verbs whose last consonant is written twice.</summary>
    private static readonly string[] Doubled = Vocabulary.Split(
        "abet admit cancel commit compel confer control counsel defer enrol equip expel format fuel kidnap label level model omit outwit patrol permit prefer program propel quip refer regret repel repot signal submit total transfer transmit travel unclog unplug unpin unwrap worship");

    /// <summary>Reads <c>mend</c>, which is regular, or <c>give_up gave_up given_up</c>.</summary>
    public static Verb Parse(string text)
    {
        string[] forms = [.. text.Split(' ').Select(form => form.Replace('_', ' '))];
        return forms switch
        {
            [var verb] => new(verb, Regular(verb), Regular(verb)),
            [var verb, var past, var participle] => new(verb, past, participle),
            _ => throw new FormatException($"expected a verb, or its base, past and participle, found {text}"),
        };
    }

    private static string Regular(string verb) => verb switch
    {
        [.., 'e'] => verb + "d",
        [.., var before, 'y'] when !Vowels.Contains(before) => verb[..^1] + "ied",
        _ when Doubled.Contains(verb) || IsShort(verb) => $"{verb}{verb[^1]}ed",
        _ => verb + "ed",
    };

    /// <summary>One vowel, and one consonant behind it, as in <c>stop</c>.</summary>
    private static bool IsShort(string verb) => verb.Count(Vowels.Contains) == 1 && verb is [.., var vowel, var last] && Vowels.Contains(vowel) && !"wxy".Contains(last);
}
