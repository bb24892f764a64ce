namespace RwkvX.AI.Cpu.Kernels;

/// <summary>
/// exp(x) = 2ⁿ·exp(r) with n = round(x / ln 2), |r| ≤ ln 2 / 2, and a polynomial for exp(r) (coefficients of Cephes' expf, error below 2 units in
/// the last place). Single precision throughout: a third of the time of <c>Vector512.Exp</c>, which goes through doubles.
/// </summary>
internal static class ExpConstants
{
    /// <summary>Results stay normal numbers between these; beyond them exp is as good as 0 or infinite for every caller.</summary>
    public const float Lowest = -87f, Highest = 88f;

    public const float Log2E = 1.44269504f;

    /// <summary>1.5·2²³: adding it rounds to an integer, which then stands in the lowest bits.</summary>
    public const float Rounder = 12582912f;

    /// <summary>ln 2 in two parts, the first exact in few bits.</summary>
    public const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    public const float C2 = 5.0000001201e-1f, C3 = 1.6666665459e-1f, C4 = 4.1665795894e-2f;

    public const float C5 = 8.3334519073e-3f, C6 = 1.3981999507e-3f, C7 = 1.9875691500e-4f;
}
