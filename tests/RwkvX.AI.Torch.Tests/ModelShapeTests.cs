using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>What sequences take of a device; no device is needed.</summary>
public sealed class ModelShapeTests
{
    [Theory]
    [InlineData(8, 0, 0)]
    [InlineData(8, 1, 1)]
    [InlineData(8, 256, 1)]
    [InlineData(8, 257, 2)]
    [InlineData(8, 131_072, 512)]
    [InlineData(0, 131_072, 0)]
    public void Bytes_OfASequence_AreItsPagesAndItsState(int sparse, int tokens, int pages)
    {
        ModelShape shape = Shape(sparse, stateType: 0);
        Assert.Equal(pages * sparse * ((2L * 256 * 2560 * 2) + (2560 * 4)), shape.PageBytesOf(tokens)); // keys and values in 16 bit, a mean key in 32
        Assert.Equal(4L * ((32 * ((2 * 2560) + (40 * 64 * 64))) + (sparse * 2 * 2560)), shape.StateBytes);
    }

    [Fact]
    public void StateBytes_OfStatesInF16_HalveTheMatrices() =>
        Assert.Equal(2L * 32 * 40 * 64 * 64, Shape(8, stateType: 0).StateBytes - Shape(8, stateType: 2).StateBytes);

    private static ModelShape Shape(int sparse, int stateType) => new()
    {
        Config = new RwkvXConfig { LayerCount = 32, EmbeddingSize = 2560, SparseLayerCount = sparse, VocabSize = 65_536 },
        WeightType = 1,
        StateType = stateType,
        EmbeddingType = 1,
        RankW = 96,
        RankA = 96,
        RankG = 320,
        RankV = 64,
        MultiprocessorCount = 132,
    };
}
