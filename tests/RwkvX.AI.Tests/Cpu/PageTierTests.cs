using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>Pages on disk and in snapshots are read as if they lay in memory.</summary>
public sealed class PageTierTests
{
    private const int PageBytes = 16 * 128 * 2 * sizeof(float); // chunk 16, C 128

    private static readonly string[] Schedules = ["sequence", "1", "13", "batch", "exported", "forked"];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Forward_BudgetOfAFewPages_GivesTheSameBits(int threads)
    {
        using TinyModel tiny = TinyModel.Create(layers: 4, sparseLayers: 2);
        int[] tokens = tiny.Tokens(300);
        using CpuModel roomy = tiny.Engine();
        using ScheduledRun expected = ScheduledRun.Run(roomy, tokens, "sequence");
        foreach (string schedule in Schedules)
        {
            using CpuModel narrow = tiny.Engine(new CpuModelOptions { Threads = threads, PageMemoryBytes = 6 * PageBytes, BlockRows = 40 });
            using (ScheduledRun found = ScheduledRun.Run(narrow, tokens, schedule))
            {
                TensorAssert.SameBits(expected.Logits, found.Logits, schedule);
                Assert.True(narrow.Pages.MovedDown > 0, "nothing moved to disk");
                Assert.True(found.State.GetPageUsage().PagesIn(PageLocation.Disk) > 20, "few pages on disk");
            }

            Collect();
            Assert.Equal(0, narrow.Pages.MemoryBytes);
        }
    }

    [Fact]
    public void Forward_Budget_BoundsTheMemoryOfPages()
    {
        const int Budget = 200_000;
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine(new CpuModelOptions { Threads = 1, PageMemoryBytes = Budget, BlockRows = 32 });
        using RwkvXState state = model.CreateState();
        for (int i = 0; i < 20; i++)
        {
            model.Forward(state, tiny.Tokens(100, seed: i), Memory<float>.Empty);
            Assert.InRange(model.Pages.MemoryBytes, 1, Budget + (4 * PageBytes)); // and what the last block added
        }

        PageUsage usage = state.GetPageUsage();
        Assert.Equal(125, usage.Layers[0].Count);
        Assert.Equal(state.TokenCount, usage.Layers[0].Sum(page => page.RowCount));
        Assert.True(usage.BytesIn(PageLocation.Disk) + usage.BytesIn(PageLocation.Memory) == 125 * PageBytes);
    }

    [Fact]
    public void Forward_PageOnDiskUsedAgainAndAgain_ComesBackAndIsMeasured()
    {
        using TierSums meters = new();
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine(new CpuModelOptions { Threads = 1, PageMemoryBytes = 5 * PageBytes });
        using RwkvXState state = model.CreateState();
        model.Forward(state, tiny.Tokens(400), Memory<float>.Empty);
        model.Forward(state, tiny.Tokens(1), Memory<float>.Empty);
        Assert.Equal(PageLocation.Disk, state.GetPageUsage().Layers[0][0].Location);
        model.ChoiceHook = (_, _, _, chunks) =>
        {
            for (int i = 0; i < chunks.Length; i++)
                chunks[i] = i;
        };
        for (int i = 0; i < 6; i++)
            model.Forward(state, tiny.Tokens(1), Memory<float>.Empty);

        Assert.True(meters.Sum("rwkvx.pages.evictions", null) >= 20 && meters.Sum("rwkvx.pages.returns", "disk") >= 2, "moves");
        Assert.True(meters.Sum("rwkvx.pages.hits", "disk") >= 4 && meters.Sum("rwkvx.pages.hits", "memory") >= 4, "hits");
        Assert.True(meters.Saw("rwkvx.pages.held", "disk") && meters.Saw("rwkvx.pages.held", "memory"), "bytes"); // others' too, so not how many
        PageUse page = state.GetPageUsage().Layers[0][0];
        Assert.Equal(PageLocation.Memory, page.Location);
        Assert.Equal(state.TokenCount - 1, page.LastLook);
        Assert.True(page.Looks >= 12, "two heads, six tokens");
        Assert.True(model.Pages.CameBack >= 2, "two chunks");
    }

    [Fact]
    public void Forward_ForkWritesOnWhereAnotherStateFilledThePage_LeavesTheFilledOneAlone()
    {
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine(new CpuModelOptions { Threads = 1, PageMemoryBytes = 0 });
        int[] tokens = tiny.Tokens(70);
        using RwkvXState twin = model.CreateState();
        RwkvXState first = model.CreateState();
        model.Forward(first, tokens.AsMemory(0, 20), Memory<float>.Empty);
        using RwkvXState fork = first.Fork();
        model.Forward(first, tiny.Tokens(50, seed: 9), Memory<float>.Empty); // fills the page that both have, which then moves to disk
        first.Dispose();
        float[] expected = new float[model.Config.VocabSize], found = new float[model.Config.VocabSize];
        model.Forward(fork, tokens.AsMemory(20), found);
        model.Forward(twin, tokens, expected);
        TensorAssert.SameBits(expected, found, "logits");
    }

    [Fact]
    public void Forward_NoFolderForThePageFile_ThrowsAndLeavesTheStateAsItWas()
    {
        using TinyModel tiny = TinyModel.Create();
        string folder = Path.GetTempFileName(); // a file
        try
        {
            using CpuModel model = tiny.Engine(new CpuModelOptions { Threads = 1, PageMemoryBytes = 0, PageFolder = folder, BlockRows = 64 });
            using RwkvXState state = model.CreateState();
            model.Forward(state, tiny.Tokens(64), Memory<float>.Empty);
            Assert.ThrowsAny<IOException>(() => model.Forward(state, tiny.Tokens(1), Memory<float>.Empty));
            Assert.True(state.IsValid);
            Assert.Equal(64, state.TokenCount);
        }
        finally
        {
            File.Delete(folder);
        }
    }

    [Fact]
    public void Import_SnapshotWithALease_LeavesPagesThereUntilTheyAreLookedAt()
    {
        using TinyModel tiny = TinyModel.Create();
        using CpuModel model = tiny.Engine();
        int[] tokens = tiny.Tokens(230);
        using RwkvXState state = model.CreateState();
        model.Forward(state, tokens.AsMemory(0, 200), Memory<float>.Empty);
        StateSnapshot snapshot = model.Export(state);
        RwkvXState imported = model.Import(snapshot);
        snapshot.Lease!.Dispose(); // the state has a share
        Assert.Equal(12, imported.GetPageUsage().PagesIn(PageLocation.Store));
        Assert.Equal(state.PageBytes, imported.PageBytes);

        float[] expected = new float[model.Config.VocabSize], found = new float[model.Config.VocabSize];
        model.Forward(state, tokens.AsMemory(200), expected);
        model.Forward(imported, tokens.AsMemory(200, 1), found);
        Assert.InRange(imported.GetPageUsage().PagesIn(PageLocation.Memory), 2, 5); // its own, and two for each head
        model.Forward(imported, tokens.AsMemory(201), found);
        TensorAssert.SameBits(expected, found, "logits");
        imported.Dispose();
        Assert.Throws<ObjectDisposedException>(() => snapshot.SparseLayers[0].Pages[0].Keys.Span.Length);
    }

    [Fact]
    public void Export_StateGoesOnAndItsPagesMove_TheSnapshotStaysAsItWas()
    {
        using TinyModel tiny = TinyModel.Create();
        using CpuModel roomy = tiny.Engine(), narrow = tiny.Engine(new CpuModelOptions { Threads = 1, PageMemoryBytes = 0 });
        int[] tokens = tiny.Tokens(100);
        using RwkvXState expected = roomy.CreateState();
        RwkvXState state = narrow.CreateState();
        roomy.Forward(expected, tokens, Memory<float>.Empty);
        narrow.Forward(state, tokens, Memory<float>.Empty);
        StateSnapshot a = roomy.Export(expected), b = narrow.Export(state);
        narrow.Forward(state, tokens, Memory<float>.Empty);
        state.Dispose();
        for (int chunk = 0; chunk < 7; chunk++)
        {
            PageSnapshot p = a.SparseLayers[0].Pages[chunk], q = b.SparseLayers[0].Pages[chunk];
            Assert.True(p.Keys.Span.SequenceEqual(q.Keys.Span) && p.Values.Span.SequenceEqual(q.Values.Span), $"page {chunk}");
            TensorAssert.SameBits(p.Mean, q.Mean, "mean");
        }

        b.Lease!.Dispose();
        Assert.Equal(0, narrow.Pages.MemoryBytes);
        Assert.Throws<ObjectDisposedException>(() => b.SparseLayers[0].Pages[0].Values.Span.Length);
    }

    /// <summary>Adds up what the library's instruments count, by name and tier, over everything in the process.</summary>
    private sealed class TierSums : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<(string, string?), long> _sums = new();

        public TierSums()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "RwkvX.AI") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, measured, tags, _) =>
                _sums.AddOrUpdate((instrument.Name, tags.Length == 0 ? null : tags[0].Value as string), measured, (_, sum) => sum + measured));
            _listener.Start();
        }

        public long Sum(string name, string? tier) => _sums.GetValueOrDefault((name, tier));

        public bool Saw(string name, string? tier) => _sums.ContainsKey((name, tier));

        public void Dispose() => _listener.Dispose();
    }

    private static void Collect()
    {
        for (int i = 0; i < 2; i++) // the snapshots of the schedules are forgotten, not disposed
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
