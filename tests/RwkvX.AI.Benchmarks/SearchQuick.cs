using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;

namespace RwkvX.AI.Benchmarks;

/// <summary>The search among chunk means beside the full scan: <c>search [chunks]</c>. Warm: from the caches; cold: after 64 MB of something else, as in a model's step.</summary>
internal static unsafe class SearchQuick
{
    private const int N = Wkv.N, Heads = 4, Take = 7, MeansPerPage = 256, Rounds = 60;

    private static float _sink;

    public static void Run(string[] args)
    {
        int chunks = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 15_625;
        Random random = new(1);
        PagedRows means = Means(chunks, random);
        float[] other = new float[16 << 20];
        using AttentionScratch scratch = new(new PageVisits());
        scratch.Reserve(chunks, Take);
        int[] chosen = new int[Take];
        float[] q = [.. Enumerable.Range(0, N).Select(_ => (2 * random.NextSingle()) - 1)];
        fixed (float* query = q)
        {
            float* at = query;
            long bytes = 0;
            void Search(int head) => bytes = Vector512.IsHardwareAccelerated
                ? MeanSearch.Choose<Lanes512>(means, head, at, chunks, [], scratch, chosen)
                : MeanSearch.Choose<Lanes256>(means, head, at, chunks, [], scratch, chosen);
            void Scan(int head)
            {
                for (int first = 0; first < chunks; first += MeansPerPage)
                    KeyScores.One<Lanes256>(at, means[first / MeansPerPage].Keys(head), Math.Min(MeansPerPage, chunks - first), scratch.Scores + first);
                ChunkGate.Select<Lanes256>(scratch.Scores, chunks, chosen, scratch.Best.AsSpan(0, Take));
            }

            foreach ((string name, Action<int> choose) in new (string, Action<int>)[] { ("search", Search), ("full scan", Scan) })
            {
                double warm = Median(choose, null), cold = Median(choose, other);
                Console.WriteLine($"{name,9} of {chunks} chunks: {warm:F1} us warm, {cold:F1} us cold");
            }

            Console.WriteLine($"{(double)bytes / chunks:F1} bytes a chunk instead of {N * sizeof(float)}");
        }

        means.Release();
    }

    private static double Median(Action<int> choose, float[]? other)
    {
        for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun).TotalSeconds < 2;) choose(0); // until it is compiled at full optimisation
        double[] times = new double[Rounds];
        for (int round = -20; round < Rounds; round++)
        {
            _sink += other is null ? 0 : System.Numerics.Tensors.TensorPrimitives.Sum<float>(other);
            int head = other is null ? 0 : (round + 20) % Heads;
            long begun = Stopwatch.GetTimestamp();
            choose(head);
            if (round >= 0) times[round] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
        }

        return times.Order().ElementAt(Rounds / 2);
    }

    private static PagedRows Means(int chunks, Random random)
    {
        PagedRows means = new(new PagePool(), Heads, MeansPerPage, areMeans: true);
        means.Reserve(chunks);
        for (int head = 0; head < Heads; head++)
        {
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                for (int d = 0; d < N; d++)
                    means[chunk / MeansPerPage].Key(head, chunk % MeansPerPage)[d * KeyScores.BlockRows] = 5 + (2 * random.NextSingle()) - 1;
                MeanCodes.Encode(means, head, chunk);
            }
        }

        return means;
    }
}
