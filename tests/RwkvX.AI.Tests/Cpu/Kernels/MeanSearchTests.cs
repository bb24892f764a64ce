using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

/// <summary>The search over codes must make the very choice of the full scan.</summary>
public sealed unsafe class MeanSearchTests
{
    private const int N = Wkv.N;

    [Theory]
    [InlineData(1562, 7, 1, 0)]
    [InlineData(1562, 7, 1e-18, 0)]
    [InlineData(1562, 7, 1e15, 0)]
    [InlineData(2000, 7, 1, 5)] // much in common: found again through the center
    [InlineData(3125, 15, 1, 0)]
    public void Choose_RandomMeans_IsTheChoiceOfTheFullScanFromFewBytes(int chunks, int take, double size, double common)
    {
        double share = Compare(chunks, (random, _, _) => (float)(size * (common + (2 * random.NextDouble()) - 1)), take);
        Assert.True(share < 0.25, $"read {share:P0} of the means");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(390)] // more groups than chunks
    [InlineData(399)]
    public void Choose_FewOrAlmostAll_IsTheChoiceOfTheFullScan(int take) => Compare(400, (random, _, _) => random.NextSingle(), take);

    [Fact]
    public void Choose_DroppedChunks_IsTheChoiceOfTheFullScanWithoutThem() =>
        Compare(1000, (random, _, _) => (float)random.NextDouble(), 15, [.. Enumerable.Range(0, 1000).Where(chunk => chunk % 3 != 0)]);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Choose_QueryThatIsNoNumber_IsTheChoiceOfTheFullScan(float q0) => Compare(500, (random, _, _) => 1 + random.NextSingle(), q0: q0);

    [Fact]
    public void Choose_NormsBeyondSinglePrecision_IsTheChoiceOfTheFullScan() => Compare(600, (random, _, _) => 1e25f * random.NextSingle());

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
    private static double Compare(int chunks, Func<Random, int, int, float> value, int take = 7, int[]? dropped = null, float q0 = 0)
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
            q[0] += q0;
            share = Math.Max(share, Check<Lanes512>(means, q, chunks, take, dropped ?? []));
            Check<Lanes256>(means, q, chunks, take, dropped ?? []);
            Check<Lanes128>(means, q, chunks, take, dropped ?? []);
            Check<Lanes1>(means, q, chunks, take, dropped ?? []);
        }

        means.Release();
        return share;
    }

    private static double Check<V>(PagedRows means, float[] q, int chunks, int take, int[] dropped)
        where V : struct, ILanes<V>
    {
        using AttentionScratch scratch = new(new PageVisits());
        scratch.Reserve(chunks, take);
        int[] full = new int[take], searched = new int[take];
        fixed (float* pq = q)
        {
            for (int first = 0; first < chunks; first += 256)
                KeyScores.One<V>(pq, means[first / 256].Keys(1), Math.Min(256, chunks - first), scratch.Scores + first);
            ChunkGate.Mask(scratch.Scores, dropped);
            ChunkGate.Select<V>(scratch.Scores, chunks, full, new float[take]);
            long bytes = MeanSearch.Choose<V>(means, 1, pq, chunks, dropped, scratch, searched);
            Assert.Equal(full, searched);
            return bytes / (4.0 * N * chunks);
        }
    }
}
