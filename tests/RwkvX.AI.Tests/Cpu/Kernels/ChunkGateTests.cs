using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

public sealed unsafe class ChunkGateTests
{
    [Fact]
    public void Select_RandomScoresWithTies_TakesTheLargestAndOfEqualsTheLowerIndex()
    {
        Random random = new(3);
        for (int round = 0; round < 300; round++)
        {
            int count = random.Next(2, 200), take = random.Next(1, Math.Min(count, 9));
            float[] scores = new float[(count + 15) / 16 * 16];
            for (int i = 0; i < scores.Length; i++)
                scores[i] = i < count ? random.Next(-6, 6) : 1000; // what lies behind the last score must not matter
            int[] expected = [.. Enumerable.Range(0, count).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(take).Order()];
            Assert.Equal(expected, Select<Lanes512>(scores, count, take));
            Assert.Equal(expected, Select<Lanes256>(scores, count, take));
            Assert.Equal(expected, Select<Lanes128>(scores, count, take));
            Assert.Equal(expected, Select<Lanes1>(scores, count, take));
        }
    }

    [Fact]
    public void Mean_OfKeysInBlocks_IsSummedInRowOrder()
    {
        const int Rows = 37;
        Random random = new(4);
        float[] keys = new float[48 * Wkv.N], mean = new float[16 * Wkv.N];
        float[,] plain = new float[Rows, Wkv.N];
        for (int row = 0; row < Rows; row++)
        {
            for (int d = 0; d < Wkv.N; d++)
                keys[KeyScores.Offset(row) + (d * 16)] = plain[row, d] = random.NextSingle();
        }

        fixed (float* k = keys, m = mean)
        {
            ChunkGate.Mean(k, Rows, m + KeyScores.Offset(5));
        }

        for (int d = 0; d < Wkv.N; d++)
        {
            float sum = 0;
            for (int row = 0; row < Rows; row++)
                sum += plain[row, d];
            Assert.Equal(sum / Rows, mean[5 + (d * 16)]);
        }
    }

    private static int[] Select<V>(float[] scores, int count, int take)
        where V : struct, ILanes<V>
    {
        int[] chosen = new int[take];
        fixed (float* s = scores)
        {
            ChunkGate.Select<V>(s, count, chosen, new float[take]);
        }

        return chosen;
    }
}
