using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Tests.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Models;

public sealed class ModelTensorsTests
{
    [Theory]
    [InlineData("hybrid-long/model.pth", 4, 2, 16, 3)]
    [InlineData("hybrid-window/model.safetensors", 3, 1, 32, 2)]
    [InlineData("rwkv7-plain/model.pth", 2, 0, 2048, 3)]
    public void Read_GoldenFile_HasItsSizes(string file, int layers, int sparseLayers, int chunkSize, int topK)
    {
        using var checkpoint = Checkpoint.Open(Fixture.Golden(file));
        var tensors = ModelTensors.Read(checkpoint, chunkSize, topK);
        var expected = new RwkvXConfig
        {
            EmbeddingSize = 128,
            LayerCount = layers,
            SparseLayerCount = sparseLayers,
            VocabSize = 512,
            MobaChunkSize = chunkSize,
            MobaTopK = topK,
        };
        Assert.Equal(expected, tensors.Config);
        Assert.Equal(layers, tensors.RwkvLayers.Count);
        Assert.Equal(sparseLayers, tensors.SparseLayers.Count);
        Assert.Null(tensors.RwkvLayers[0].TimeMix.V1);
        Assert.All(tensors.RwkvLayers.Skip(1), layer => Assert.Equal(128, layer.TimeMix.V1!.Shape[0]));
    }
}
