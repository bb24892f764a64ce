using System.Runtime.InteropServices;
using Xunit;

namespace RwkvX.AI.Testing;

/// <summary>Comparisons of whole tensors that say where the largest error is.</summary>
public static class TensorAssert
{
    /// <summary>No element is further than <paramref name="tolerance"/> from what was expected.</summary>
    public static void Close(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, double tolerance, string what)
    {
        Assert.True(expected.Length == found.Length, $"{what}: expected {expected.Length} elements, found {found.Length}");
        int worst = 0;
        double largest = -1;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs((double)expected[i] - found[i]);
            if (!(error <= largest)) // a NaN is the worst of all
                (worst, largest) = (i, double.IsNaN(error) ? double.PositiveInfinity : error);
        }

        Assert.True(
            largest <= tolerance,
            largest < 0 ? what : $"{what}: element {worst}: expected {expected[worst]}, found {found[worst]}: error {largest:g3}, tolerance {tolerance:g3}");
    }

    /// <summary>Every element has the same bits.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string what)
    {
        Assert.True(expected.Length == found.Length, $"{what}: expected {expected.Length} elements, found {found.Length}");
        ReadOnlySpan<uint> expectedBits = MemoryMarshal.Cast<float, uint>(expected), foundBits = MemoryMarshal.Cast<float, uint>(found);
        int same = expectedBits.CommonPrefixLength(foundBits);
        Assert.True(same == expected.Length, same < expected.Length ? $"{what}: element {same}: expected {expected[same]:g9}, found {found[same]:g9}" : what);
    }

    /// <summary>The rows of single-precision pages, one after another.</summary>
    public static float[] Rows(IEnumerable<ReadOnlyMemory<byte>> pages) =>
        [.. pages.SelectMany(page => MemoryMarshal.Cast<byte, float>(page.Span).ToArray())];
}
