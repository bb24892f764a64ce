using System.Globalization;
using System.Text.RegularExpressions;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>A model's shape as <c>LxC+M</c>: L RWKV-7 layers of width C and M sparse-attention layers, such as <c>12x768+4</c>.</summary>
internal static partial class ModelShape
{
    private const int VocabSize = 65_536; // of the published checkpoints

    /// <summary>Reads a shape; null if it is none, or one that no model can have.</summary>
    public static RwkvXConfig? Parse(string text)
    {
        Match match = Pattern().Match(text);
        if (!match.Success) return null;
        int layers = Number(match.Groups[1]), width = Number(match.Groups[2]);
        int sparse = match.Groups[3].Success ? Number(match.Groups[3]) : 0;
        if (layers == 0 || width == 0 || width % 64 != 0 || (sparse > 0 && layers % sparse != 0)) return null;
        return new RwkvXConfig { LayerCount = layers, EmbeddingSize = width, SparseLayerCount = sparse, VocabSize = VocabSize };
    }

    /// <summary>A model's shape.</summary>
    public static string Of(RwkvXConfig c) => $"{c.LayerCount}x{c.EmbeddingSize}+{c.SparseLayerCount}";

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([0-9]{1,4})x([0-9]{1,6})(?:\+([0-9]{1,4}))?$")]
    private static partial Regex Pattern();
}
