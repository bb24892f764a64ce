using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

public sealed class CpuModelContractTests : IDisposable
{
    private readonly TinyModel _tiny = TinyModel.Create();
    private readonly CpuModel _model;

    public CpuModelContractTests() => _model = _tiny.Engine();

    private static int[] Ids(params int[] ids) => ids;

    private int V => _model.Config.VocabSize;

    public void Dispose()
    {
        _model.Dispose();
        _tiny.Dispose();
    }

    [Fact]
    public void Forward_WrongItems_ThrowsAndLeavesStatesAsTheyWere()
    {
        using RwkvXState state = _model.CreateState();
        using TinyModel otherTiny = TinyModel.Create(seed: 2);
        using CpuModel other = otherTiny.Engine();
        using RwkvXState foreign = other.CreateState();
        ForwardItem good = new(state, Ids(1), Memory<float>.Empty);

        Assert.Throws<ArgumentException>(() => _model.Forward([]));
        Assert.Throws<ArgumentException>(() => _model.Forward(state, ReadOnlyMemory<int>.Empty, Memory<float>.Empty));
        Assert.Throws<ArgumentException>(() => _model.Forward(state, Ids(1, V), Memory<float>.Empty));
        Assert.Throws<ArgumentException>(() => _model.Forward(state, Ids(-1), Memory<float>.Empty));
        Assert.Throws<ArgumentException>(() => _model.Forward(state, Ids(1, 2, 3), new float[2 * V]));
        Assert.Throws<ArgumentException>(() => _model.Forward(foreign, Ids(1), Memory<float>.Empty));
        Assert.Throws<ArgumentException>(() => _model.Forward([good, good]));
        Assert.Throws<ArgumentNullException>(() => _model.Forward([good, new ForwardItem(null!, Ids(1), Memory<float>.Empty)]));

        Assert.True(state.IsValid);
        Assert.Equal(0, state.TokenCount);
    }

    [Fact]
    public void Forward_LastLogitsOnly_AreThoseOfTheLastToken()
    {
        int[] tokens = _tiny.Tokens(40);
        using ScheduledRun all = ScheduledRun.Run(_model, tokens, "sequence");
        using RwkvXState state = _model.CreateState();
        float[] last = new float[V];
        _model.Forward(state, tokens, last);
        TensorAssert.SameBits(all.Logits.AsSpan(39 * V), last, "last logits");
    }

    [Fact]
    public void Forward_Cancelled_BreaksTheStateAndNotItsFork()
    {
        using TinyModel tiny = TinyModel.Create(layers: 4, sparseLayers: 2);
        using CpuModel model = tiny.Engine(new CpuModelOptions { Threads = 3 });
        int[] tokens = tiny.Tokens(120);
        using RwkvXState state = model.CreateState();
        model.Forward(state, tokens.AsMemory(0, 60), Memory<float>.Empty);
        using RwkvXState fork = state.Fork();
        using CancellationTokenSource source = new();
        model.ChoiceHook = (_, _, _, _) => source.Cancel(); // in the first sparse layer; the pass asks before each RWKV layer

        Assert.ThrowsAny<OperationCanceledException>(() => model.Forward(state, tokens.AsMemory(60), Memory<float>.Empty, source.Token));

        model.ChoiceHook = null;
        Assert.False(state.IsValid);
        Assert.Throws<InvalidOperationException>(() => state.Fork());
        Assert.Throws<InvalidOperationException>(() => model.Forward(state, Ids(1), Memory<float>.Empty));
        float[] resumed = new float[60 * V];
        model.Forward(fork, tokens.AsMemory(60), resumed);
        using ScheduledRun expected = ScheduledRun.Run(model, tokens, "sequence");
        TensorAssert.SameBits(expected.Logits.AsSpan(60 * V), resumed, "the fork");
    }

    [Fact]
    public void Forward_CancelledBeforeItsTurn_LeavesTheStateAsItWas()
    {
        using RwkvXState state = _model.CreateState();
        Assert.ThrowsAny<OperationCanceledException>(() => _model.Forward(state, Ids(1), Memory<float>.Empty, new CancellationToken(canceled: true)));
        Assert.True(state.IsValid);
        Assert.Equal(0, state.TokenCount);
    }

    [Fact]
    public void Forward_FromManyThreads_GivesEachItsOwnResult()
    {
        int[][] tokens = [.. Enumerable.Range(0, 8).Select(i => _tiny.Tokens(70, i))];
        float[][] expected = [.. tokens.Select(t =>
        {
            using ScheduledRun run = ScheduledRun.Run(_model, t, "sequence");
            return run.Logits;
        })];

        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            using ScheduledRun run = ScheduledRun.Run(_model, tokens[i], i % 2 == 0 ? "forked" : "3");
            TensorAssert.SameBits(expected[i], run.Logits, $"thread {i}");
        });
    }

    [Fact]
    public void State_Sizes_AreTruthful()
    {
        RwkvXConfig c = _model.Config;
        using RwkvXState state = _model.CreateState();
        Assert.Equal((0, 0), (state.RecurrentBytes, state.PageBytes));

        _model.Forward(state, _tiny.Tokens(33), Memory<float>.Empty);

        long recurrent = (c.LayerCount * ((2L * c.EmbeddingSize) + (c.EmbeddingSize * c.HeadSize))) + (c.SparseLayerCount * c.EmbeddingSize);
        Assert.Equal(recurrent * sizeof(float), state.RecurrentBytes);
        long pages = 3 * 16 * 2 * c.EmbeddingSize * sizeof(float);                                       // 3 of keys and values
        long codes = (c.EmbeddingSize * 2) + (c.EmbeddingSize / 2) + (c.HeadCount * 2 * sizeof(float));  // 16 and 4 bits, a scale and an error
        long means = (16 * ((c.EmbeddingSize * sizeof(float)) + codes)) + (c.HeadCount * (c.HeadSize + 16) * sizeof(float)); // room for 16; a center and norms a head
        Assert.Equal(pages + means, state.PageBytes);
    }

    [Fact]
    public void Fork_BothGoOn_CopiesOnlyTheLastPage()
    {
        using RwkvXState state = _model.CreateState();
        _model.Forward(state, _tiny.Tokens(24), Memory<float>.Empty);
        using CpuState fork = (CpuState)state.Fork();
        _model.Forward(state, Ids(1), Memory<float>.Empty);
        _model.Forward(fork, Ids(2), Memory<float>.Empty);
        Assert.Same(((CpuState)state).KeyValues(0)[0], fork.KeyValues(0)[0]);
        Assert.NotSame(((CpuState)state).KeyValues(0)[1], fork.KeyValues(0)[1]);
    }

    [Fact]
    public void Import_OtherSizesOrContradictions_Throws()
    {
        using RwkvXState state = _model.CreateState();
        _model.Forward(state, _tiny.Tokens(20), Memory<float>.Empty);
        StateSnapshot good = _model.Export(state);
        StateSnapshot With(RwkvXConfig? config = null, long? tokens = null, SparseLayerSnapshot? sparse = null) => new()
        {
            Config = config ?? good.Config,
            TokenCount = tokens ?? good.TokenCount,
            RwkvLayers = good.RwkvLayers,
            SparseLayers = sparse is null ? good.SparseLayers : [sparse],
        };

        Assert.Throws<ArgumentException>(() => _model.Import(With(config: good.Config with { LayerCount = 3 })));
        Assert.Throws<ArgumentException>(() => _model.Import(With(tokens: 21)));
        Assert.Throws<ArgumentException>(() => _model.Import(With(tokens: -1)));
        Assert.Throws<ArgumentException>(() => _model.Import(With(sparse: good.SparseLayers[0] with { FfnXPrev = [1] })));
        Assert.Throws<ArgumentException>(() => _model.Import(With(sparse: good.SparseLayers[0] with { Pages = [good.SparseLayers[0].Pages[0]] })));
        using RwkvXState imported = _model.Import(With());
        Assert.Equal(20, imported.TokenCount);
    }

    [Fact]
    public void Import_BFloat16Pages_WidensThem()
    {
        using RwkvXState state = _model.CreateState();
        _model.Forward(state, _tiny.Tokens(20), Memory<float>.Empty);
        StateSnapshot exported = _model.Export(state);
        static ReadOnlyMemory<byte> Narrow(ReadOnlyMemory<byte> page) =>
            MemoryMarshal.Cast<byte, ushort>(page.Span).ToArray().Where((_, i) => i % 2 == 1).SelectMany(BitConverter.GetBytes).ToArray();
        StateSnapshot narrow = new()
        {
            Config = exported.Config,
            TokenCount = exported.TokenCount,
            RwkvLayers = exported.RwkvLayers,
            SparseLayers = [.. exported.SparseLayers.Select(layer => layer with { Pages = [.. layer.Pages.Select(page => page with { Keys = Narrow(page.Keys), Values = Narrow(page.Values), Mean = null })] })],
            PageType = TensorType.BF16,
        };

        using RwkvXState imported = _model.Import(narrow);

        float[] wide = TensorAssert.Rows(exported.SparseLayers[0].Pages.Select(page => page.Keys));
        float[] found = TensorAssert.Rows(_model.Export(imported).SparseLayers[0].Pages.Select(page => page.Keys));
        TensorAssert.Close(wide, found, 0.05, "keys");
        Assert.NotEqual(wide, found);
    }

    [Fact]
    public void Dispose_Twice_IsQuietAndForwardThrows()
    {
        CpuModel model = _tiny.Engine();
        RwkvXState state = model.CreateState();
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Forward(state, Ids(1), Memory<float>.Empty));
        state.Dispose();
        Assert.False(state.IsValid);
    }

    [Fact]
    public void Precision_EveryForm_StaysNearTheStoredOne()
    {
        int[] tokens = _tiny.Tokens(16); // one chunk: no choice that a small difference could flip
        using ScheduledRun exact = ScheduledRun.Run(_model, tokens, "sequence");
        foreach ((Precision precision, double rms) in new[] { (Precision.BF16, 0.05), (Precision.F16, 0.01), (Precision.Int8, 0.1) })
        {
            using CpuModel model = _tiny.Engine(new CpuModelOptions { Precision = precision });
            using ScheduledRun run = ScheduledRun.Run(model, tokens, "sequence");
            double error = Math.Sqrt(exact.Logits.Zip(run.Logits, (a, b) => (double)(a - b) * (a - b)).Average());
            Assert.InRange(error, 1e-7, rms);
        }

        Assert.Throws<NotSupportedException>(() => _tiny.Engine(new CpuModelOptions { Precision = Precision.Fp8 }));
    }
}
