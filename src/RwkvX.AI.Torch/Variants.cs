namespace RwkvX.AI.Torch;

/// <summary>Former ways of doing things, named in RWKVX_VARIANTS, for one measurement of old against new on a card; to be deleted with what loses.</summary>
internal static class Variants
{
    private static readonly string[] Names = (Environment.GetEnvironmentVariable("RWKVX_VARIANTS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether a former way is asked for.</summary>
    public static bool Has(string name) => Names.Contains(name);
}
