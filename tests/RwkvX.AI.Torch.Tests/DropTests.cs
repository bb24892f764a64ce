using RwkvX.AI.Cpu;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Memory;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>States on the device that do without pages, against the CPU engine with the same pages dropped.</summary>
public sealed class DropTests
{
    private const int Chunk = 16, Layers = 2;

    public enum Dropping
    {
        WholeChunks,
        SingleLayers,
        AllOfThem,
    }

    [Theory]
    [InlineData(Dropping.WholeChunks, 1)]
    [InlineData(Dropping.WholeChunks, 100)]
    [InlineData(Dropping.SingleLayers, 1)]
    [InlineData(Dropping.SingleLayers, 100)]
    [InlineData(Dropping.AllOfThem, 1)]
    [InlineData(Dropping.AllOfThem, 100)]
    public void Forward_AfterDrops_AgreesWithTheCpuEngine(Dropping dropping, int span)
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using CpuModel cpu = tiny.Engine();
        using CudaModel cuda = Load(tiny);
        int[] tokens = tiny.Tokens(700);
        float[] expected = Run(cpu, tokens, Pages(dropping), span), found = Run(cuda, tokens, Pages(dropping), span), whole = Run(cuda, tokens, [], span);
        double difference = Distance(expected, found), effect = Distance(whole, found);
        TestContext.Current.TestOutputHelper?.WriteLine($"{dropping}, spans of {span}: relative rms difference {difference:g3}, effect of the drops {effect:g3}");
        Assert.True(effect > 0.02, $"the drops change little ({effect:g3}): the test could not fail");
        Assert.True(difference < effect / 10, $"relative rms difference {difference:g3}, expected less than a tenth of the effect {effect:g3}");
    }

    [Theory]
    [InlineData(Precision.BF16, true)]
    [InlineData(Precision.BF16, false)]
    [InlineData(Precision.F16, true)]
    public void Forward_AfterDrops16Bit_AgreesWithTheCpuEngine(Precision precision, bool gather)
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using CpuModel cpu = tiny.Engine();
        using CudaModel cuda = Load(tiny, precision, gather: gather);
        int[] tokens = tiny.Tokens(700);
        PageId[] pages = Pages(Dropping.WholeChunks);
        float[] expected = Run(cpu, tokens, pages, 300), found = Run(cuda, tokens, pages, 300), whole = Run(cpu, tokens, [], 300);
        double difference = Distance(expected, found), effect = Distance(expected, whole);
        TestContext.Current.TestOutputHelper?.WriteLine($"{precision}, gathered {gather}: relative rms difference {difference:g3}, effect of the drops {effect:g3}");
        Assert.True(difference < effect / 2, $"relative rms difference {difference:g3}, effect of the drops {effect:g3}");
    }

    [Fact]
    public void DropPages_ForksAndSnapshotsMadeBefore_KeepTheirs()
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using CudaModel model = Load(tiny);
        foreach (Dropping dropping in (Dropping[])[Dropping.WholeChunks, Dropping.SingleLayers])
        {
            using RwkvXState state = model.CreateState();
            model.Forward(state, tiny.Tokens(400), Memory<float>.Empty);
            using RwkvXState before = state.Fork();
            StateSnapshot snapshot = model.Export(state);
            float[] expected = Next(model, before), dropped;
            state.DropPages(Pages(dropping));
            using (RwkvXState after = state.Fork()) dropped = Next(model, after);
            Assert.Equal(Pages(dropping).Length, state.DroppedPages);
            Assert.Equal(0, before.DroppedPages);
            Assert.Equal(expected, Next(model, before));
            using (RwkvXState imported = model.Import(snapshot)) Assert.True(Distance(expected, Next(model, imported)) < 1e-4);
            Assert.Equal(dropped, Next(model, state));
            Assert.True(Distance(expected, dropped) > 1e-3, "the drops change nothing: the test could not fail");
        }
    }

    [Fact]
    public void DropPages_WholeChunks_FreesTheirMemoryForOthers()
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using CudaModel model = Load(tiny);
        using RwkvXState state = model.CreateState();
        model.Forward(state, tiny.Tokens(400), Memory<float>.Empty);
        (long free, long bytes) = (model.FreePageBytes, state.PageBytes);
        state.DropPages(Pages(Dropping.WholeChunks));
        Assert.True(model.FreePageBytes > free);
        Assert.Equal(bytes - state.PageBytes, model.FreePageBytes - free);
        state.DropPages(Pages(Dropping.WholeChunks)); // again: nothing
        Assert.Equal(bytes - state.PageBytes, model.FreePageBytes - free);
        foreach (PageId page in (PageId[])[new(Layers, 0), new(0, 25), new(-1, 0), new(0, -1)])
            Assert.Throws<ArgumentException>(() => state.DropPages([new PageId(0, 24), page]));
        Assert.Equal(Pages(Dropping.WholeChunks).Length, state.DroppedPages); // none of a refused call
    }

    [Theory]
    [InlineData(Dropping.WholeChunks)]
    [InlineData(Dropping.SingleLayers)]
    public void Export_AfterDrops_GoesOnInEitherEngine(Dropping dropping)
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using CpuModel cpu = tiny.Engine();
        using CudaModel cuda = Load(tiny);
        using RwkvXState state = cuda.CreateState();
        cuda.Forward(state, tiny.Tokens(410), Memory<float>.Empty);
        state.DropPages(Pages(dropping));
        StateSnapshot snapshot = cuda.Export(state);
        Assert.Equal(Pages(dropping).Order(PageOrder), snapshot.SparseLayers.SelectMany((layer, m) => layer.Pages.Select((page, chunk) => (page, id: new PageId(m, chunk))))
            .Where(entry => entry.page.IsDropped).Select(entry => entry.id));
        using RwkvXState here = cuda.Import(snapshot), there = cpu.Import(snapshot), back = cuda.Import(cpu.Export(there));
        Assert.Equal((state.DroppedPages, state.PageBytes), (here.DroppedPages, here.PageBytes));
        Assert.Equal(cuda.Export(here).SparseLayers.Select(layer => layer.Looks), snapshot.SparseLayers.Select(layer => layer.Looks));
        float[] expected = Next(cuda, state);
        Assert.True(Distance(expected, Next(cuda, here)) < 1e-4);
        Assert.True(Distance(expected, Next(cuda, back)) < 1e-4);
        Assert.True(Distance(expected, Next(cpu, there)) < 1e-3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(700)]
    public void Looks_OfAnySchedule_AreOneForEachHeadTokenAndChoice(int span)
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using CpuModel cpu = tiny.Engine();
        using CudaModel cuda = Load(tiny);
        using RwkvXState expected = cpu.CreateState(), found = cuda.CreateState();
        int[] tokens = tiny.Tokens(700);
        cpu.Logits(expected, tokens, span);
        cuda.Logits(found, tokens, span);
        using RwkvXState fork = found.Fork();
        long all = Enumerable.Range(0, tokens.Length).Sum(position => Math.Min(tiny.Config.MobaTopK - 1, position / Chunk)) * tiny.Config.HeadCount;
        for (int layer = 0; layer < Layers; layer++)
        {
            long[] there = [.. expected.GetPageUsage().Layers[layer].Select(page => page.Looks)], here = [.. found.GetPageUsage().Layers[layer].Select(page => page.Looks)];
            Assert.Equal(all, here.Sum());
            Assert.Equal(here, fork.GetPageUsage().Layers[layer].Select(page => page.Looks));
            Assert.True(there.Zip(here, (a, b) => Math.Abs(a - b)).Sum() < all / 100, $"layer {layer}: {string.Join(' ', here)}, on the CPU {string.Join(' ', there)}");
        }
    }

    [Fact]
    public void Looks_NotAskedFor_AreNotCounted()
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using CudaModel model = Load(tiny, countLooks: false);
        using RwkvXState state = model.CreateState();
        model.Logits(state, tiny.Tokens(200), 50);
        Assert.All(state.GetPageUsage().Layers.SelectMany(layer => layer), page => Assert.Equal((0L, PageLocation.Device), (page.Looks, page.Location)));
        Assert.All(model.Export(state).SparseLayers, layer => Assert.Empty(layer.Looks));
    }

    [Fact]
    public async Task KeepBudget_OverTheDevice_HoldsItAndReplaysWhatWasDropped()
    {
        CudaTest.Require();
        using TinyModel tiny = TinyModel.Create(layers: 4, sparseLayers: Layers, vocabulary: MemoryHarness.Vocabulary.VocabularySize);
        using CudaModel model = Load(tiny);
        ConversationKey key = new("t", "c");
        long page = 2L * Chunk * tiny.Config.EmbeddingSize * sizeof(float), budget = 12 * page;
        await using IStateStore store = InMemoryStateStore.Create();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        foreach (int snapshotTokens in (int[])[1 << 20, 1]) // replayed from the log, then from a stored state
        {
            for (int step = 0; step < 4; step++)
            {
                using RwkvXMemory memory = new(model, MemoryHarness.Vocabulary, store, new RwkvXMemoryOptions { Retention = RetentionPolicy.KeepBudget(budget), SnapshotTokens = snapshotTokens });
                string text = string.Join(' ', Enumerable.Range(0, 60).Select(i => $"{(step + 3) * (i + 17) * 7919 % 1000}"));
                await memory.AppendAsync(key, text, new AppendOptions { CreateIfMissing = true }, cancellation);
                MemoryStats stats = await memory.StatAsync(key, cancellation);
                IReadOnlyList<PageUse>[] layers = [.. stats.Pages!.Layers];
                Assert.InRange(layers.Sum(layer => layer.Where(each => each.RowCount == Chunk && each.Location == PageLocation.Device).Sum(each => each.Bytes)), 0, budget);
                Assert.Equal(layers[0].Select(each => each.Location), layers[1].Select(each => each.Location)); // whole chunks
                Assert.Equal(stats.Stored.DroppedPages, stats.Pages.PagesIn(PageLocation.Dropped));
            }
        }

        Assert.True((await store.StatAsync(key, cancellation)).DroppedPages > 20);
    }

    private static IComparer<PageId> PageOrder { get; } = Comparer<PageId>.Create((a, b) => (a.Layer, a.Chunk).CompareTo((b.Layer, b.Chunk)));

    private static TinyModel NewTiny() => TinyModel.Create(heads: 2, layers: 4, sparseLayers: Layers, chunkSize: Chunk);

    private static CudaModel Load(TinyModel tiny, Precision precision = Precision.F32, bool gather = true, bool countLooks = true) => CudaModel.Load(
        ModelTensors.Read(tiny.Checkpoint, Chunk, tiny.Config.MobaTopK), new CudaModelOptions { Precision = precision, GatherRows = gather, CountLooks = countLooks });

    /// <summary>Of the 18 chunks of the first 300 tokens.</summary>
    private static PageId[] Pages(Dropping dropping) =>
    [
        .. from layer in Enumerable.Range(0, Layers)
           from chunk in Enumerable.Range(0, 18)
           where dropping switch { Dropping.WholeChunks => chunk % 3 != 0, Dropping.SingleLayers => (chunk + layer) % 2 == 0, _ => true }
           select new PageId(layer, chunk),
    ];

    /// <summary>300 tokens, the drops, and (T, V) the logits of the tokens after them.</summary>
    private static float[] Run(IRwkvXModel model, int[] tokens, PageId[] pages, int span)
    {
        using RwkvXState state = model.CreateState();
        model.Logits(state, tokens[..300], 300);
        state.DropPages(pages);
        return model.Logits(state, tokens[300..], span);
    }

    /// <summary>(V) what a fork says after three more tokens.</summary>
    private static float[] Next(IRwkvXModel model, RwkvXState state)
    {
        using RwkvXState fork = state.Fork();
        float[] logits = new float[model.Config.VocabSize];
        model.Forward(fork, new[] { 3, 1, 4 }, logits);
        return logits;
    }

    private static double Distance(float[] expected, float[] found) =>
        Math.Sqrt(expected.Zip(found, (e, f) => Math.Pow(e - f, 2)).Sum() / expected.Sum(e => (double)e * e));
}
