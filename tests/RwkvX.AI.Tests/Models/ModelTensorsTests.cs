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

    [Theory]
    [InlineData(false, "rwkv.")]
    [InlineData(true, "rwkv.")]
    [InlineData(false, "")]
    public void Read_SmallModel_TakesEveryTensorByItsName(bool int8, string prefix)
    {
        var tensors = Read(ModelImage.Tensors(layers: 2, sparseLayers: 2, int8, prefix));
        TimeMixTensors att = tensors.RwkvLayers[1].TimeMix;
        Assert.Equal($"{prefix}blocks.1.att.v2", att.V2!.Name);
        Assert.Equal([3, 64], att.V2.Shape); // ranks are each kind's and layer's own
        Assert.Equal([5, 64], att.W2.Shape);
        Assert.Equal([4, 64], att.A2.Shape);
        Assert.Equal([6, 64], att.G2.Shape);
        Assert.Equal($"{prefix}blocks.1.att.ln_x.bias", att.LnX.Bias.Name);
        Assert.Equal("moba.1.ffn.value.weight", tensors.SparseLayers[1].ChannelMix.Value.Name);
        Assert.Equal(int8 ? TensorType.I8 : TensorType.BF16, tensors.Head.Type);
        Assert.Equal(int8, tensors.Head.Scale is not null);
        Assert.Equal(25, tensors.Matrices.Distinct().Count());
    }

    [Fact]
    public void Read_AnyTensorMissing_IsNamed()
    {
        List<TensorSpec> model = ModelImage.Tensors(int8: true);
        foreach (TensorSpec tensor in model)
        {
            var e = Assert.Throws<CheckpointException>(() => Read([.. model.Where(other => other != tensor)]));
            Assert.Contains(tensor.Name, e.Message, StringComparison.Ordinal);
            Assert.EndsWith("found none", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_AnyTensorOfAnotherShape_IsRefused()
    {
        List<TensorSpec> model = ModelImage.Tensors();
        foreach (TensorSpec tensor in model)
            Assert.Throws<CheckpointException>(() => Read([.. model.Select(other => other == tensor ? tensor with { Shape = [.. tensor.Shape, 2] } : other)]));
    }

    [Fact]
    public void Read_WrongShape_NamesExpectedAndFound() => AssertRefused(
        Changed("rwkv.blocks.1.att.w2", tensor => tensor with { Shape = [7, 64] }), "memory: rwkv.blocks.1.att.w2: expected (5, 64), found (7, 64)");

    [Fact]
    public void Read_HeadsOfAnotherSize_AreRefused() => AssertRefused(
        Changed("rwkv.blocks.0.att.r_k", tensor => tensor with { Shape = [2, 32] }), "memory: rwkv.blocks.0.att.r_k: expected (1, 64), found (2, 32)");

    [Fact]
    public void Read_IntegersForWeights_AreRefused() => AssertRefused(
        Changed("rwkv.ln_out.bias", tensor => tensor with { Type = TensorType.I32 }), "memory: rwkv.ln_out.bias: expected F32, F16 or BF16, found I32");

    [Fact]
    public void Read_Int8WithoutScale_IsRefused() => AssertRefused(
        Changed("rwkv.head.weight", tensor => tensor with { Type = TensorType.I8 }), "memory: rwkv.head.weight_scale: expected (8) F32 for the I8 weight, found none");

    [Fact]
    public void Read_GapInTheLayers_IsAMissingTensor() => AssertRefused(
        [.. ModelImage.Tensors().Select(tensor => tensor with { Name = tensor.Name.Replace("blocks.1", "blocks.2", StringComparison.Ordinal) })],
        "memory: rwkv.blocks.1.ln1.weight: expected (64), found none");

    [Fact]
    public void Read_SparseLayersThatDoNotDivide_AreRefused() => AssertRefused(
        ModelImage.Tensors(layers: 3, sparseLayers: 2), "memory: expected a number of RWKV layers that is a multiple of the 2 sparse ones, found 3");

    [Fact]
    public void Read_TensorOfAnotherArchitecture_IsRefused() => AssertRefused(
        [.. ModelImage.Tensors(), new("rwkv.blocks.0.ffn.s_emb.weight", TensorType.BF16, 8, 64)],
        "memory: rwkv.blocks.0.ffn.s_emb.weight: expected no such tensor in an RWKV-X model, found BF16 (8, 64)");

    [Fact]
    public void Read_UnusedValueResidualOfLayer0_IsAllowed()
        => Assert.Null(Read([.. ModelImage.Tensors(), new("rwkv.blocks.0.att.v0", TensorType.BF16, 1, 1, 64)]).RwkvLayers[0].TimeMix.V0);

    [Fact]
    public void Read_NoModel_IsRefused()
        => AssertRefused([new("weight", TensorType.F32, 2)], "memory: rwkv.emb.weight: expected the embedding of an RWKV-X or RWKV-7 model, found none");

    private static List<TensorSpec> Changed(string name, Func<TensorSpec, TensorSpec> change)
        => [.. ModelImage.Tensors().Select(tensor => tensor.Name == name ? change(tensor) : tensor)];

    private static ModelTensors Read(List<TensorSpec> model) => ModelTensors.Read(Checkpoint.Open(CheckpointMemory.Over(SafetensorsImage.Make(model), "memory")));

    private static void AssertRefused(List<TensorSpec> model, string message) => Assert.Equal(message, Assert.Throws<CheckpointException>(() => Read(model)).Message);
}
