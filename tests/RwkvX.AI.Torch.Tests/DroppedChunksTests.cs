using RwkvX.AI.Models;
using RwkvX.AI.Torch.States;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>What a state does without; needs no device.</summary>
public sealed class DroppedChunksTests
{
    [Fact]
    public void With_LayerByLayer_IsWholeOnceAllHaveGoneAndLeavesTheFormerAsTheyWere()
    {
        DroppedChunks none = DroppedChunks.None(2), one = none.With([new PageId(1, 7)]), both = one.With([new PageId(0, 7), new PageId(0, 9)]);
        Assert.Equal((0, 1, 3), (none.Count, one.Count, both.Count));
        Assert.Equal((false, false, true), (none.IsWhole(7), one.IsWhole(7), both.IsWhole(7)));
        Assert.Equal((true, false), (one.Contains(1, 7), one.Contains(0, 7)));
        Assert.Equal((true, false, false), (both.Contains(0, 9), both.Contains(1, 9), both.IsWhole(9)));
        Assert.Equal(3, both.With([new PageId(0, 9)]).Count);
    }

    [Fact]
    public void Of_ASnapshot_AreThePagesThatItLacks()
    {
        PageSnapshot there = new(16, new byte[4], new byte[4], [1]), gone = PageSnapshot.Dropped(16);
        StateSnapshot snapshot = new()
        {
            Config = new RwkvXConfig { EmbeddingSize = 64, LayerCount = 2, SparseLayerCount = 2, VocabSize = 10, MobaChunkSize = 16, MobaTopK = 3 },
            TokenCount = 48,
            RwkvLayers = [],
            SparseLayers = [new SparseLayerSnapshot([], [gone, there, gone]), new SparseLayerSnapshot([], [gone, gone, there])],
        };
        DroppedChunks dropped = DroppedChunks.Of(snapshot);
        Assert.Equal(4, dropped.Count);
        Assert.Equal([true, false, false], Enumerable.Range(0, 3).Select(dropped.IsWhole));
        Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(chunk => dropped.Contains(1, chunk) && !dropped.Contains(0, chunk)));
    }
}
