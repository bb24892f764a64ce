using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>The golden files, against values that Python's own zipfile, pickletools and struct read from them.</summary>
public sealed class GoldenFilesTests
{
    public static TheoryData<string, string, TensorType, int[], float[], double> Samples => new()
    {
        { "hybrid-long/model.pth", "rwkv.emb.weight", TensorType.BF16, [512, 128], [-0.255859375f, 0.515625f, -0.1767578125f, 0.0615234375f, -0.41015625f], 58.00470294459956 },
        { "hybrid-long/model.pth", "moba.1.ffn.key.weight", TensorType.BF16, [512, 128], [-0.01531982421875f, 0.045654296875f, -0.00421142578125f, 0.0223388671875f, -0.005218505859375f], 21.955399002879858 },
        { "rwkv7-plain/model.pth", "emb.weight", TensorType.F32, [512, 128], [0.21857928f, 0.18503058f, 0.7907865f, -0.07781984f, 0.15926506f], 84.09035247677184 },
        { "rwkv7-plain/model.pth", "blocks.1.att.v2", TensorType.F32, [32, 128], [0.14849439f, 0.076925315f, 0.122333966f, -0.07510597f, -0.014252832f], -4.7355561164877145 },
        { "hybrid-window/model.safetensors", "moba.0.att.key.weight", TensorType.BF16, [128, 128], [0.058349609375f, -0.0189208984375f, -0.09814453125f, 0.046875f, 0.232421875f], 16.087725698947906 },
        { "hybrid-window/model.safetensors", "rwkv.blocks.2.att.r_k", TensorType.BF16, [2, 64], [0.0927734375f, 0.0250244140625f, -0.15625f, -0.1376953125f, -0.0595703125f], -1.4446449279785156 },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void Open_GoldenFile_HasTypeShapeAndValues(string file, string name, TensorType type, int[] shape, float[] ends, double sum)
    {
        using var checkpoint = Checkpoint.Open(Fixture.Golden(file));
        CheckpointTensor tensor = checkpoint.Get(name, shape);
        float[] values = new float[tensor.ElementCount];
        tensor.CopyTo(values);
        Assert.Equal(type, tensor.Type);
        Assert.Equal(ends, new[] { values[0], values[1], values[2], values[3], values[^1] });
        Assert.Equal(sum, values.Sum(v => (double)v), 1e-9);
    }

    [Theory]
    [InlineData("hybrid-long/model.pth", 157)]
    [InlineData("rwkv7-plain/model.pth", 69)]
    [InlineData("hybrid-window/model.safetensors", 113)]
    public void Open_GoldenFile_HasAllTensors(string file, int count)
    {
        using var checkpoint = Checkpoint.Open(Fixture.Golden(file));
        Assert.Equal(count, checkpoint.Tensors.Count);
    }

    [Fact]
    public void Open_Pth_ViewsTheFileWithoutCopies()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var checkpoint = Checkpoint.Open(Fixture.Golden("rwkv7-plain/model.pth"));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000); // the file has 1.8 MB
    }

    [Fact]
    public void CopyTo_Tokens_AreWidened()
    {
        using var checkpoint = Checkpoint.Open(Fixture.Golden("hybrid-window/io.safetensors"));
        CheckpointTensor tokens = checkpoint.Get("tokens", 40);
        float[] values = new float[40];
        tokens.CopyTo(values);
        Assert.Equal(TensorType.I64, tokens.Type);
        Assert.All(values, v => Assert.True(v is >= 0 and < 512 && v == MathF.Floor(v)));
    }
}
