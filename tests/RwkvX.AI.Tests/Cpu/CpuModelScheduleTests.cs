using FsCheck;
using FsCheck.Fluent;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Testing.Reference;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>The law: every schedule, batch, thread count and block size computes the same bits.</summary>
public sealed class CpuModelScheduleTests
{
    private static readonly string[] Schedules = ["1", "5", "16", "64", "batch", "exported", "forked"];

    [Theory]
    [InlineData(512)]
    [InlineData(256)]
    [InlineData(128)]
    [InlineData(32)]
    public void Forward_AnySchedule_GivesTheSameBits(int bits)
    {
        Assert.SkipWhen(ScalarRun.IsShort && bits > 32, "vectors of more than 32 bits are emulated here and never chosen: the run with them has this test");
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        using CpuModel model = tiny.Engine(new CpuModelOptions { VectorBits = bits, Threads = 1 });
        int[] tokens = tiny.Tokens(200);
        using ScheduledRun whole = ScheduledRun.Run(model, tokens, "sequence");
        foreach (string schedule in Schedules)
        {
            using ScheduledRun run = ScheduledRun.Run(model, tokens, schedule);
            ExpectSame(model, whole, run, schedule);
        }
    }

    [Theory]
    [InlineData(1, 256)]
    [InlineData(2, 7)]
    [InlineData(3, 256)]
    [InlineData(5, 64)]
    public void Forward_AnyThreadsAndBlocks_GivesTheSameBits(int threads, int blockRows)
    {
        using TinyModel tiny = TinyModel.Create(heads: 2, chunkSize: 12, topK: 4);
        int[] tokens = tiny.Tokens(150);
        using CpuModel one = tiny.Engine(new CpuModelOptions { Threads = 2 });
        using CpuModel other = tiny.Engine(new CpuModelOptions { Threads = threads, BlockRows = blockRows });
        using ScheduledRun expected = ScheduledRun.Run(one, tokens, "sequence");
        foreach (string schedule in new[] { "sequence", "1", "batch" })
        {
            using ScheduledRun run = ScheduledRun.Run(other, tokens, schedule);
            TensorAssert.SameBits(expected.Logits, run.Logits, $"{threads} threads, blocks of {blockRows}, {schedule}");
        }
    }

    [Fact]
    public void Forward_FiveThousandTokens_EverySplitGivesTheSameBitsAndChoices()
    {
        using TinyModel tiny = TinyModel.Create(heads: 1, layers: 2, sparseLayers: 2, chunkSize: 64, topK: 8, vocabulary: 64);
        using CpuModel model = tiny.Engine();
        using ScheduledRun whole = ScheduleLaw.Hold(model, tiny.Tokens(5000), "1", "100", "777");
    }

    [Fact]
    public void ChoiceHook_OtherChunksImposed_ChangesLogits()
    {
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine();
        int[] tokens = tiny.Tokens(100);
        using ScheduledRun own = ScheduledRun.Run(model, tokens, "sequence");
        model.ChoiceHook = (_, _, _, chunks) =>
        {
            for (int i = 0; i < chunks.Length; i++)
                chunks[i] = i;
        };
        using ScheduledRun imposed = ScheduledRun.Run(model, tokens, "sequence");
        Assert.NotEqual(own.Logits, imposed.Logits);
    }

    [Fact]
    public void Forward_OneTokenRepeated_GivesTheSameBitsAndChoicesInEverySchedule()
    {
        using TinyModel tiny = TinyModel.Create(heads: 1, layers: 2, sparseLayers: 1, chunkSize: 64, topK: 3, vocabulary: 10);
        using CpuModel model = tiny.Engine();
        int[] tokens = [.. Enumerable.Repeat(3, 4096)];
        using ScheduledRun whole = ScheduleLaw.Hold(model, tokens, "1", "777");
        using ScheduledRun exported = ScheduledRun.Run(model, tokens, "exported");
        ExpectSame(model, whole, exported, "exported");
    }

    /// <summary>
    /// Equal keys for long are where blocked inverses explode. (Some random models pass a point where the group norm divides by almost nothing,
    /// and there any single-precision form is far off; this one does not.)
    /// </summary>
    [Fact]
    public void Forward_OneTokenRepeated_IsTheOracles()
    {
        using GoldenCase golden = GoldenCase.Open("rwkv7-plain");
        using CpuModel model = CpuModel.Load(golden.Files);
        int[] tokens = [.. Enumerable.Repeat(3, 1000)];
        using ScheduledRun run = ScheduledRun.Run(model, tokens, "sequence");
        ScalarModel oracle = golden.Oracle();
        float[] expected = [.. oracle.Run(oracle.CreateState(), tokens).SelectMany(row => row).Select(logit => (float)logit)];
        TensorAssert.Close(expected, run.Logits, Tolerances.F32, "logits");
    }

    [Fact]
    public void Forward_RandomConfigurations_AreTheOraclesInEverySchedule()
    {
        Gen<(int, int, int, int, int, int, int)> configurations =
            from heads in Gen.Choose(1, 3)
            from sparse in Gen.Choose(0, 2)
            from interval in Gen.Choose(1, 2)
            from chunk in Gen.Choose(1, 40)
            from topK in Gen.Choose(1, 5)
            from length in Gen.Choose(1, 140)
            from seed in Gen.Choose(1, 1_000_000)
            select (heads, sparse, interval, chunk, topK, length, seed);
        Compare(2, 2, 2, 40, 3, 2, 191005); // its group norm divides by almost nothing
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(20),
            Prop.ForAll(configurations.ToArbitrary(), c => Compare(c.Item1, c.Item2, c.Item3, c.Item4, c.Item5, c.Item6, c.Item7)));
    }

    private static void Compare(int heads, int sparse, int interval, int chunk, int topK, int length, int seed)
    {
        using TinyModel tiny = TinyModel.Create(heads, Math.Max(1, sparse) * interval, sparse, chunk, topK, seed, vocabulary: 40, ranks: [1 + (seed % 40), 5, 33, 16]);
        using CpuModel model = tiny.Engine();
        int[] tokens = tiny.Tokens(length, seed);
        ChoiceLog log = new();
        model.ChoiceHook = log.Record;
        using ScheduledRun whole = ScheduledRun.Run(model, tokens, "sequence");
        model.ChoiceHook = null;
        OracleComparison.Run(tiny, tokens, whole.Logits, log, Tolerances.ChunkScoreGap);
        foreach (string schedule in Schedules)
        {
            using ScheduledRun run = ScheduledRun.Run(model, tokens, schedule);
            ExpectSame(model, whole, run, schedule);
        }
    }

    private static void ExpectSame(CpuModel model, ScheduledRun expected, ScheduledRun found, string what)
    {
        TensorAssert.SameBits(expected.Logits, found.Logits, $"{what}: logits");
        StateSnapshot a = model.Export(expected.State), b = model.Export(found.State);
        for (int i = 0; i < a.RwkvLayers.Count; i++)
        {
            TensorAssert.SameBits(a.RwkvLayers[i].AttXPrev, b.RwkvLayers[i].AttXPrev, $"{what}: att_x_prev {i}");
            TensorAssert.SameBits(a.RwkvLayers[i].Wkv, b.RwkvLayers[i].Wkv, $"{what}: wkv {i}");
            TensorAssert.SameBits(a.RwkvLayers[i].FfnXPrev, b.RwkvLayers[i].FfnXPrev, $"{what}: ffn_x_prev {i}");
        }

        for (int m = 0; m < a.SparseLayers.Count; m++)
        {
            TensorAssert.SameBits(a.SparseLayers[m].FfnXPrev, b.SparseLayers[m].FfnXPrev, $"{what}: sparse ffn_x_prev {m}");
            foreach ((PageSnapshot p, PageSnapshot q) in a.SparseLayers[m].Pages.Zip(b.SparseLayers[m].Pages))
            {
                Assert.True(p.Keys.Span.SequenceEqual(q.Keys.Span) && p.Values.Span.SequenceEqual(q.Values.Span), $"{what}: pages of sparse layer {m}");
                TensorAssert.SameBits(p.Mean, q.Mean, $"{what}: a mean of sparse layer {m}");
            }
        }
    }
}
