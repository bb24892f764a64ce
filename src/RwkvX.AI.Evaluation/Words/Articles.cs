using System.Text.RegularExpressions;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>Indefinite articles.</summary>
internal static partial class Articles
{
    /// <summary>Writes "an" before vowels, where patterns say "a".</summary>
    public static string Mend(string text) => BeforeVowel().Replace(text, "$1n ");

    [GeneratedRegex(@"\b([Aa]) (?=[aeiou])")]
    private static partial Regex BeforeVowel();
}
