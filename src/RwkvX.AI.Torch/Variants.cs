using System.Globalization;

namespace RwkvX.AI.Torch;

/// <summary>Former ways of doing things, named in RWKVX_VARIANTS, for one measurement of old against new on a card; to be deleted with what loses.</summary>
internal static class Variants
{
    private static readonly string[] Names = (Environment.GetEnvironmentVariable("RWKVX_VARIANTS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether a former way is asked for.</summary>
    public static bool Has(string name) => Names.Contains(name);

    /// <summary>The number behind the equals sign of a name; 0 without.</summary>
    public static int Number(string name) => Names.Where(n => n.StartsWith(name + "=", StringComparison.Ordinal)).Select(n => int.Parse(n.AsSpan(name.Length + 1), CultureInfo.InvariantCulture)).FirstOrDefault();
}
