using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

/// <summary>The search over 8-bit codes must make the very choice of the full scan.</summary>
public sealed unsafe class MeanCodesTests
{
    private const int N = Wkv.N, Take = 7;

    [Theory]
    [InlineData(130, 1)]
    [InlineData(700, 1)]
    [InlineData(1562, 1)]
    [InlineData(700, 0.001)]
    public void ScoreCandidates_RandomMeans_LeadsToTheChoiceOfTheFullScan(int chunks, double spread) =>
        Compare(chunks, (random, _) => 1 + (spread * (random.NextDouble() - 0.5)), mayPrune: spread == 1);

    [Fact]
    public void ScoreCandidates_ManyEqualMeans_TakesTheLowerIndices() =>
        Compare(500, (_, chunk) => chunk % 3, mayPrune: false);

    [Fact]
    public void ScoreCandidates_AllZero_TakesTheFirst() => Compare(300, (_, _) => 0, mayPrune: false);

    private static void Compare(int chunks, Func<Random, int, double> value, bool mayPrune)
    {
        Random random = new(chunks);
        PagedRows means = new(new PagePool(), heads: 2, rowsPerPage: 256, areMeans: true);
        means.Reserve(chunks);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            for (int d = 0; d < N; d++)
                means[chunk / 256].Key(1, chunk % 256)[d * KeyScores.BlockRows] = (float)(value(random, chunk) * (mayPrune ? (2 * random.NextDouble()) - 1 : 1));
            MeanCodes.Encode(means[chunk / 256], 1, chunk % 256);
        }

        int pruned = 0;
        for (int round = 0; round < 20; round++)
        {
            float[] q = [.. Enumerable.Range(0, N).Select(_ => (2 * random.NextSingle()) - 1)];
            pruned += Check<Lanes512>(means, q, chunks) + Check<Lanes256>(means, q, chunks) + Check<Lanes128>(means, q, chunks) + Check<Lanes1>(means, q, chunks);
        }

        Assert.True(pruned > 0 || !mayPrune, "no chunk was left out");
        means.Release();
    }

    private static int Check<V>(PagedRows means, float[] q, int chunks)
        where V : struct, ILanes<V>
    {
        using AttentionScratch scratch = new(new PageVisits());
        int ld = scratch.Reserve(chunks, Take);
        int[] full = new int[Take], searched = new int[Take];
        fixed (float* pq = q)
        {
            for (int first = 0; first < chunks; first += 256)
                KeyScores.One<V>(pq, means[first / 256].Keys(1), Math.Min(256, chunks - first), scratch.Scores + first);
            float[] scores = new Span<float>(scratch.Scores, chunks).ToArray();
            ChunkGate.Select<V>(scratch.Scores, chunks, full, new float[Take]);

            MeanCodes.ScoreCandidates<V>(means, 1, pq, chunks, Take, scratch);
            ChunkGate.Select<V>(scratch.Scores, chunks, searched, new float[Take]);
            Assert.Equal(full, searched);
            float[] found = new Span<float>(scratch.Scores, chunks).ToArray();
            for (int chunk = 0; chunk < chunks; chunk++)
                Assert.True(found[chunk] == scores[chunk] || float.IsNegativeInfinity(found[chunk]));
            return found.Count(float.IsNegativeInfinity);
        }
    }
}
