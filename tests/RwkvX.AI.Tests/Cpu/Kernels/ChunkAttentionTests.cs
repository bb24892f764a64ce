using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

public sealed unsafe class ChunkAttentionTests
{
    private const int N = Wkv.N;

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(150)]
    public void Visit_TwoChunksAnyTile_IsSoftmaxAttention(int rows)
    {
        Random random = new(rows);
        Page past = Fill(random, rows), own = Fill(random, rows);
        float[] q = new float[4 * N];
        for (int i = 0; i < q.Length; i++)
            q[i] = 4 * (random.NextSingle() - 0.5f);
        int[] limits = [Math.Max(1, rows / 3), Math.Max(1, rows / 2), Math.Max(1, rows - 1), rows];
        for (int count = 1; count <= 4; count++)
        {
            int[] seen = limits[^count..];
            float[] wide = Attend<Lanes512>(q, seen, past, own);
            Close(Reference(q, seen, past, rows, own), wide);
            Close(Reference(q, seen, past, rows, own), Attend<Lanes256>(q, seen, past, own));
            Close(Reference(q, seen, past, rows, own), Attend<Lanes128>(q, seen, past, own));
            Close(Reference(q, seen, past, rows, own), Attend<Lanes1>(q, seen, past, own));
            for (int i = 0; i < count; i++) // alone: the same bits as beside others
                Assert.Equal(wide[(i * N)..((i + 1) * N)], Attend<Lanes512>(q[(i * N)..((i + 1) * N)], [seen[i]], past, own));
        }

        past.Release();
        own.Release();
    }

    private static Page Fill(Random random, int rows)
    {
        Page page = new(new PagePool(), heads: 1, maxRows: rows, areMeans: false, rows);
        for (int row = 0; row < rows; row++)
        {
            for (int d = 0; d < N; d++)
            {
                page.Key(0, row)[d * KeyScores.BlockRows] = 4 * (random.NextSingle() - 0.5f);
                page.Value(0, row)[d] = random.NextSingle() - 0.5f;
            }
        }

        return page;
    }

    private static float[] Attend<V>(float[] q, int[] seen, Page past, Page own)
        where V : struct, ILanes<V>
    {
        float[] o = new float[seen.Length * N];
        fixed (float* qs = q, os = o)
        {
            AttentionQuery* queries = stackalloc AttentionQuery[4];
            AttentionQuery** tile = stackalloc AttentionQuery*[4];
            for (int i = 0; i < seen.Length; i++)
            {
                queries[i] = new AttentionQuery { Q = qs + (i * N), Out = os + (i * N), OwnRows = seen[i] };
                tile[i] = queries + i;
                ChunkAttention.Begin(tile[i]);
            }

            ChunkAttention.Visit<V>(tile, seen.Length, past.Keys(0), past.Values(0), past.MaxRows, causal: false);
            ChunkAttention.Visit<V>(tile, seen.Length, own.Keys(0), own.Values(0), seen.Max(), causal: true);
            for (int i = 0; i < seen.Length; i++)
                ChunkAttention.Finish<V>(tile[i]);
        }

        return o;
    }

    private static double[] Reference(float[] q, int[] seen, Page past, int pastRows, Page own)
    {
        double[] o = new double[seen.Length * N];
        for (int i = 0; i < seen.Length; i++)
        {
            double Score(Page page, int row) =>
                Math.Exp(Enumerable.Range(0, N).Sum(d => (double)q[(i * N) + d] * page.Key(0, row)[d * KeyScores.BlockRows]) / 8);
            var rows = Enumerable.Range(0, pastRows).Select(row => (Page: past, Row: row, P: Score(past, row)))
                .Concat(Enumerable.Range(0, seen[i]).Select(row => (Page: own, Row: row, P: Score(own, row)))).ToArray();
            double sum = rows.Sum(row => row.P);
            for (int d = 0; d < N; d++)
                o[(i * N) + d] = rows.Sum(row => row.P / sum * row.Page.Value(0, row.Row)[d]);
        }

        return o;
    }

    private static void Close(double[] expected, float[] found) =>
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 2e-6));
}
