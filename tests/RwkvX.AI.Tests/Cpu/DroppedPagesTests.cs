using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Testing.Reference;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>States that do without pages: nobody chooses them, whatever way the tokens go.</summary>
public sealed class DroppedPagesTests
{
    private static readonly PageId[] Pages = [new(0, 1), new(0, 3), new(0, 4), new(1, 0), new(1, 3)];

    [Fact]
    public void Forward_PagesDropped_AgreesWithTheOracleWithTheSameChunksMasked()
    {
        using TinyModel tiny = TinyModel.Create(layers: 4, sparseLayers: 2);
        using CpuModel model = tiny.Engine();
        int[] tokens = tiny.Tokens(160);
        ChoiceLog choices = new();
        model.ChoiceHook = choices.Record;
        using RwkvXState state = model.CreateState();
        float[] before = new float[100 * model.Config.VocabSize], after = new float[60 * model.Config.VocabSize];
        model.Forward(state, tokens.AsMemory(0, 100), before);
        state.DropPages(Pages);
        model.Forward(state, tokens.AsMemory(100), after);

        ScalarModel oracle = tiny.Oracle();
        ScalarState twin = oracle.CreateState();
        int forced = 0;
        oracle.OnChoice = choice =>
        {
            int[] engine = choices[choice.Layer, choice.Position, choice.Head];
            Assert.True(choice.Position < 100 || !engine.Any(chunk => Pages.Contains(new PageId(choice.Layer, chunk))), "a dropped chunk was chosen");
            double worst = engine.Min(chunk => choice.Scores[chunk]), twins = choice.Chunks.Min(chunk => choice.Scores[chunk]);
            Assert.True(worst >= twins - 1e-4, $"position {choice.Position}: chose {worst:g6}, the oracle {twins:g6}");
            forced += engine.SequenceEqual(choice.Chunks) ? 0 : 1;
            return engine;
        };
        float[] Run(IEnumerable<int> part) => [.. oracle.Run(twin, part).SelectMany(row => row).Select(logit => (float)logit)];
        TensorAssert.Close(Run(tokens.Take(100)), before, Tolerances.F32, "before the drop");
        foreach (PageId page in Pages) twin.Sparse[page.Layer].Dropped.Add(page.Chunk);
        TensorAssert.Close(Run(tokens.Skip(100)), after, Tolerances.F32, "after the drop");
        Assert.InRange(forced, 0, 5);
    }

    [Theory]
    [InlineData(5)] // two past chunks left: all that is left is looked at
    [InlineData(2)]
    public void Forward_PagesDropped_EverySplitAndRestoreGivesTheSameBits(int count)
    {
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine();
        int[] tokens = tiny.Tokens(200);
        PageId[] pages = [.. Enumerable.Range(1, count).Select(chunk => new PageId(0, chunk))];
        using RwkvXState start = model.CreateState();
        model.Forward(start, tokens.AsMemory(0, 120), Memory<float>.Empty);
        using RwkvXState whole = start.Fork();
        start.DropPages(pages);
        float[] expected = Continue(model, start.Fork(), tokens, 80), full = Continue(model, whole, tokens, 80);
        Assert.False(expected.AsSpan().SequenceEqual(full), "the dropped chunks did not matter: the test would not see them chosen");
        foreach (int split in new[] { 1, 7, 30 }) TensorAssert.SameBits(expected, Continue(model, start.Fork(), tokens, split), $"calls of {split}");

        StateSnapshot leased = model.Export(start);
        StateSnapshot plain = new()
        {
            Config = leased.Config,
            TokenCount = leased.TokenCount,
            RwkvLayers = leased.RwkvLayers,
            SparseLayers = [.. leased.SparseLayers.Select(layer => layer with
            {
                Pages = [.. layer.Pages.Select(page => page with { Keys = page.Keys.ToArray(), Values = page.Values.ToArray() })],
            })],
        };
        foreach (StateSnapshot snapshot in new[] { leased, plain })
        {
            using RwkvXState imported = model.Import(snapshot);
            Assert.Equal(count, imported.DroppedPages);
            Assert.Equal(count, imported.GetPageUsage().PagesIn(PageLocation.Dropped));
            TensorAssert.SameBits(expected, Continue(model, imported.Fork(), tokens, 80), "imported");
            TensorAssert.SameBits(expected, Continue(model, model.Import(model.Export(imported)), tokens, 80), "imported twice");
        }
    }

    [Fact]
    public void Forward_ManyChunksAndHalfOfThemDropped_TheSearchChoosesAsTheScan()
    {
        using TinyModel tiny = TinyModel.Create(heads: 1, chunkSize: 16, topK: 4, vocabulary: 64);
        using CpuModel model = tiny.Engine();
        int[] tokens = tiny.Tokens(8300);
        using RwkvXState state = model.CreateState();
        model.Forward(state, tokens.AsMemory(0, 8192), Memory<float>.Empty); // 512 chunks
        Random random = new(3);
        PageId[] pages = [.. Enumerable.Range(0, 512).Where(_ => random.Next(2) == 0).Select(chunk => new PageId(0, chunk))];
        state.DropPages(pages);
        ChoiceLog scan = new(), search = new();
        model.ChoiceHook = scan.Record;
        float[] expected = Continue(model, state.Fork(), tokens, 108);
        model.ChoiceHook = search.Record;
        TensorAssert.SameBits(expected, Continue(model, state.Fork(), tokens, 1), "one by one");
        Assert.True(scan.Count > 50 && scan.Differences(search) == 0);
        model.ChoiceHook = null;
        TensorAssert.SameBits(expected, Continue(model, model.Import(model.Export(state)), tokens, 1), "imported, one by one"); // zeros for the means that are gone
    }

    [Fact]
    public void DropPages_OfAState_FreesThemUnlessAFork_HoldsThem()
    {
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine();
        int[] tokens = tiny.Tokens(200);
        RwkvXState state = model.CreateState();
        model.Forward(state, tokens.AsMemory(0, 120), Memory<float>.Empty);
        float[] expected = Continue(model, state.Fork(), tokens, 80);
        RwkvXState fork = state.Fork();
        long bytes = model.Pages.MemoryBytes, own = state.PageBytes, page = state.GetPageUsage().Layers[0][1].Bytes;
        state.DropPages([new(0, 1), new(0, 5)]);
        state.DropPages([new(0, 5)]);
        Assert.Equal((bytes, own - (2 * page), own), (model.Pages.MemoryBytes, state.PageBytes, fork.PageBytes));
        Assert.Equal(2 * page, state.GetPageUsage().BytesIn(PageLocation.Dropped));
        TensorAssert.SameBits(expected, Continue(model, fork, tokens, 80), "the fork");
        Assert.Equal(bytes - (2 * page), model.Pages.MemoryBytes);
        state.Dispose();
        Assert.Equal(0, model.Pages.MemoryBytes);
    }

    [Fact]
    public void DropPages_OfWhatIsNotAFullPage_ThrowsAndDropsNothing()
    {
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine();
        using RwkvXState state = model.CreateState();
        model.Forward(state, tiny.Tokens(40), Memory<float>.Empty);
        foreach (PageId page in new PageId[] { new(0, 2), new(1, 0), new(-1, 0), new(0, -1) })
            Assert.Throws<ArgumentException>(() => state.DropPages([new(0, 0), page]));
        Assert.Equal(0, state.DroppedPages);
        Assert.Throws<NotSupportedException>(() => ScriptedModel.Hashing(10).CreateState().DropPages([new(0, 0)]));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("13")]
    [InlineData("exported")]
    [InlineData("forked")]
    public void Looks_AnySchedule_AreTheSame(string schedule)
    {
        using TinyModel tiny = TinyModel.Create(layers: 4, sparseLayers: 2);
        using CpuModel one = tiny.Engine(), three = tiny.Engine(new CpuModelOptions { Threads = 3 });
        int[] tokens = tiny.Tokens(300);
        using ScheduledRun expected = ScheduledRun.Run(one, tokens, "sequence"), found = ScheduledRun.Run(three, tokens, schedule);
        int[][] looks = Looks(expected.State);
        Assert.Equal(looks, Looks(found.State));
        Assert.True(looks[0].Sum() > 1000);
    }

    private static int[][] Looks(RwkvXState state) => [.. state.GetPageUsage().Layers.Select(layer => layer.Select(page => (int)(page.Looks + page.EarlierLooks)).ToArray())];

    /// <summary>(T, V) the logits of the tokens that follow a state, which is given back.</summary>
    private static float[] Continue(CpuModel model, RwkvXState state, int[] tokens, int split)
    {
        using (state)
        {
            int from = (int)state.TokenCount, V = model.Config.VocabSize;
            float[] logits = new float[(tokens.Length - from) * V];
            for (int at = from; at < tokens.Length; at += split)
            {
                int count = Math.Min(split, tokens.Length - at);
                model.Forward(state, tokens.AsMemory(at, count), logits.AsMemory((at - from) * V, count * V));
            }

            return logits;
        }
    }
}
