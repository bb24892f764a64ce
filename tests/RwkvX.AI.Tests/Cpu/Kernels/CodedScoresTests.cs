using System.Runtime.Intrinsics.X86;
using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

/// <summary>Sums over codes of chunk means, in every form that the machine has, against the plain sum.</summary>
public sealed unsafe class CodedScoresTests
{
    private const int N = Wkv.N, Rows = KeyScores.BlockRows;

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the largest products that there are
    public void CoarseScores_EveryForm_IsThePlainSum(bool extreme)
    {
        Random random = new(1);
        byte* block = stackalloc byte[CoarseBlock.CodeBytes];
        sbyte* spread = stackalloc sbyte[CoarseScores.QueryBytes];
        sbyte[] p = [.. Enumerable.Range(0, N).Select(_ => (sbyte)(extreme ? -127 : random.Next(-127, 128)))];
        float[] expected = new float[Rows];
        for (int row = 0; row < Rows; row++)
        {
            byte[] u = [.. Enumerable.Range(0, N).Select(_ => (byte)(extreme ? 15 : random.Next(16)))];
            CoarseScores.Write(u, block, row);
            expected[row] = u.Zip(p, (a, b) => a * b).Sum();
        }

        CoarseScores.Spread(p, spread);
        float* sums = stackalloc float[Rows];
        float[] Found() => new Span<float>(sums, Rows).ToArray();
        CoarseScores.RunScalar(block, spread, sums);
        Assert.Equal(expected, Found());
        CoarseScores.Run128(block, spread, sums);
        Assert.Equal(expected, Found());
        if (Avx2.IsSupported)
        {
            CoarseScores.Run256(block, spread, sums);
            Assert.Equal(expected, Found());
        }

        if (Avx512BW.IsSupported)
        {
            CoarseScores.Run512(block, spread, sums);
            Assert.Equal(expected, Found());
        }

        CoarseScores.Run(block, spread, sums);
        Assert.Equal(expected, Found());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FineScore_EveryForm_IsTheSumWithinTheRoundingOfAnyOrder(bool extreme)
    {
        Random random = new(2);
        short* codes = stackalloc short[N];
        float* q = stackalloc float[N];
        double expected = 0, size = 0;
        for (int d = 0; d < N; d++)
        {
            codes[d] = (short)(extreme ? -32_000 : random.Next(-32_000, 32_001));
            q[d] = extreme ? 1e20f : (2 * random.NextSingle()) - 1;
            expected += (double)codes[d] * q[d];
            size += Math.Abs((double)codes[d] * q[d]);
        }

        double rounding = N * Math.Pow(2, -24) * size;
        Assert.Equal(expected, FineScore.RunPortable(codes, q), rounding);
        Assert.Equal(expected, FineScore.Run(codes, q), rounding);
        if (Avx2.IsSupported && Fma.IsSupported)
            Assert.Equal(expected, FineScore.RunAvx2(codes, q), rounding);
        if (Avx512F.IsSupported)
            Assert.Equal(expected, FineScore.RunAvx512(codes, q), rounding);
    }
}
