using System.Globalization;

namespace RwkvX.AI.Cli;

/// <summary>How tokens are split into forward passes: <c>sequence</c>, <c>step</c> or <c>split:N</c>.</summary>
/// <param name="PieceLength">Tokens in a pass.</param>
internal readonly record struct Schedule(int PieceLength)
{
    /// <summary>Reads the flag's value; null if it is none of the three.</summary>
    public static Schedule? Parse(string text)
    {
        int length = text switch
        {
            "sequence" => int.MaxValue,
            "step" => 1,
            _ when text.StartsWith("split:", StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out int n) => n,
            _ => 0,
        };
        return length > 0 ? new Schedule(length) : null;
    }
}
