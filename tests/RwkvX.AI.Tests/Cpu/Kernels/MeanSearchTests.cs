using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

/// <summary>The search over codes must make the very choice of the full scan.</summary>
public sealed unsafe class MeanSearchTests
{
    private const int N = Wkv.N, Take = 7;

    [Theory]
    [InlineData(1562, 1, 0)]
    [InlineData(1562, 1e-18, 0)]
    [InlineData(1562, 1e15, 0)]
    [InlineData(2000, 1, 5)] // much in common: found again through the center
    public void Choose_RandomMeans_IsTheChoiceOfTheFullScanFromFewBytes(int chunks, double size, double common)
    {
        double share = Compare(chunks, (random, _, _) => (float)(size * (common + (2 * random.NextDouble()) - 1)));
        Assert.True(share < 0.45, $"read {share:P0} of the means");
    }

    [Fact]
    public void Choose_ManyEqualMeans_TakesTheLowerIndices() => Compare(500, (_, chunk, d) => (chunk * 31) % 3 * (d % 2));

    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(511)]
    public void Choose_BordersOfPages_IsTheChoiceOfTheFullScan(int chunks) => Compare(chunks, (random, _, _) => random.NextSingle());

    [Fact]
    public void Choose_AllZero_TakesTheFirst() => Compare(300, (_, _, _) => 0);

    [Fact]
    public void Choose_DifferencesOfTheLastBits_IsTheChoiceOfTheFullScan() =>
        Compare(900, (random, _, d) => 1 + (MathF.Sin(d) * 0.1f) + (random.Next(4) * 1e-7f));

    [Fact]
    public void Choose_OneLargeDimension_IsTheChoiceOfTheFullScan() =>
        Compare(700, (random, chunk, d) => d == chunk % N ? 1000 : (float)random.NextDouble());

    [Fact]
    public void Choose_GroupsOfLikeMeans_IsTheChoiceOfTheFullScan() =>
        Compare(1200, (random, chunk, d) => MathF.Cos((chunk / 100 * 7) + d) + (0.01f * (float)random.NextDouble()));

    /// <returns>The share of the means' bytes that the search read.</returns>
    private static double Compare(int chunks, Func<Random, int, int, float> value)
    {
        Random random = new(chunks);
        PagedRows means = new(new PagePool(), heads: 2, rowsPerPage: 256, areMeans: true);
        means.Reserve(chunks);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            for (int d = 0; d < N; d++)
                means[chunk / 256].Key(1, chunk % 256)[d * KeyScores.BlockRows] = value(random, chunk, d);
            MeanCodes.Encode(means, 1, chunk);
        }

        double share = 0;
        for (int round = 0; round < 20; round++)
        {
            float[] q = [.. Enumerable.Range(0, N).Select(_ => (2 * random.NextSingle()) - 1)];
            share = Math.Max(share, Check<Lanes512>(means, q, chunks));
            Check<Lanes256>(means, q, chunks);
            Check<Lanes128>(means, q, chunks);
            Check<Lanes1>(means, q, chunks);
        }

        means.Release();
        return share;
    }

    private static double Check<V>(PagedRows means, float[] q, int chunks)
        where V : struct, ILanes<V>
    {
        using AttentionScratch scratch = new(new PageVisits());
        scratch.Reserve(chunks, Take);
        int[] full = new int[Take], searched = new int[Take];
        fixed (float* pq = q)
        {
            for (int first = 0; first < chunks; first += 256)
                KeyScores.One<V>(pq, means[first / 256].Keys(1), Math.Min(256, chunks - first), scratch.Scores + first);
            ChunkGate.Select<V>(scratch.Scores, chunks, full, new float[Take]);
            long bytes = MeanSearch.Choose<V>(means, 1, pq, chunks, [], scratch, searched);
            Assert.Equal(full, searched);
            return bytes / (4.0 * N * chunks);
        }
    }
}
