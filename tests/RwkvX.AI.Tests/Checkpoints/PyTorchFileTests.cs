using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed unsafe class PyTorchFileTests
{
    public static TheoryData<bool, bool> Forms => new() { { false, false }, { true, false }, { false, true }, { true, true } };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Open_EveryLayout_HasRowMajorValues(bool deflate, bool zip64)
    {
        using var checkpoint = Open(PthImage.Make(deflate, zip64));
        Assert.Equal(9, checkpoint.Tensors.Count);
        AssertValues(checkpoint.Get("rows", 3, 4), TensorType.F32, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        AssertValues(checkpoint.Get("slice", 2, 4), TensorType.F32, [4, 5, 6, 7, 8, 9, 10, 11]);
        AssertValues(checkpoint.Get("columns", 4, 4), TensorType.BF16, [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]);
        AssertValues(checkpoint.Get("repeated", 3, 2), TensorType.BF16, [3, 8, 3, 8, 3, 8]);
        AssertValues(checkpoint.Get("parameter", 1), TensorType.F32, [1]);
        AssertValues(checkpoint.Tensors["scalar"], TensorType.F16, [2]);
        Assert.Equal(0, checkpoint.Get("empty", 0, 4).ElementCount);
    }

    [Fact]
    public void Open_PickleProtocol4_IsRead()
    {
        byte[] storage = [(byte)'(', .. Text("storage"), .. Global("torch", "FloatStorage"), .. Text("0"), .. Text("cpu"), (byte)'K', 12, (byte)'t', 0x94, (byte)'Q'];
        byte[] sizesAndStrides = [(byte)'K', 3, (byte)'K', 4, 0x86, 0x94, (byte)'K', 4, (byte)'K', 1, 0x86, 0x94];
        byte[] hooks = [0x89, .. Global("collections", "OrderedDict"), (byte)')', (byte)'R', 0x94];
        byte[] tensor = [.. Global("torch._utils", "_rebuild_tensor_v2"), (byte)'(', .. storage, (byte)'K', 0, .. sizesAndStrides, .. hooks, (byte)'t', 0x94, (byte)'R', 0x94];
        byte[] body = [(byte)'}', 0x94, .. Text("t"), .. tensor, (byte)'s', (byte)'.'];
        using var checkpoint = Open(PthImage.Make([0x80, 4, 0x95, .. BitConverter.GetBytes((long)body.Length), .. body]));
        AssertValues(checkpoint.Get("t", 3, 4), TensorType.F32, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

        static byte[] Text(string text) => [0x8C, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text), 0x94];
        static byte[] Global(string module, string name) => [.. Text(module), .. Text(name), 0x93, 0x94];
    }

    [Fact]
    public void CopyTo_Int8_IsMultipliedByTheScaleOfItsRow()
    {
        using var checkpoint = Open(PthImage.Make());
        float[] values = new float[6], scales = [TensorSpec.Value(0), TensorSpec.Value(1)];
        checkpoint.Get("w", 2, 3).CopyTo(values);
        Assert.Equal([.. Enumerable.Range(0, 6).Select(i => TensorSpec.Value(i) * scales[i / 3])], values.AsSpan());
    }

    [Fact]
    public void Open_StoredAndContiguous_IsAView()
    {
        var memory = CheckpointMemory.Over(PthImage.Make(), "memory");
        using var checkpoint = Checkpoint.Open(memory);
        Assert.True(IsView(checkpoint.Get("rows")));
        Assert.True(checkpoint.Get("slice").Data == checkpoint.Get("rows").Data + 16);
        Assert.False(IsView(checkpoint.Get("columns")));

        bool IsView(CheckpointTensor tensor) => tensor.Data >= memory.Start && tensor.Data + tensor.ByteLength <= memory.Start + memory.Length;
    }

    [Fact]
    public void Open_GlobalThatRuns_IsRefusedByName() => AssertRefused(
        [0x80, 2, .. "cos\nsystem\n(X\u0004\0\0\0truetR."u8], "data.pkl at byte 13: expected a global of a state dict, found os system");

    [Fact]
    public void Open_OpcodeThatRuns_IsRefused() // INST, the old form of a call
        => AssertRefused([0x80, 2, (byte)'(', .. "ios\nsystem\n."u8], "data.pkl at byte 4: expected an opcode of a state dict, found 0x69");

    [Fact]
    public void Open_StridesBeyondTheStorage_AreRefused() => AssertRefused(
        Dictionary(p => p.Text("t").Tensor("FloatStorage", "0", 12, 0, [3, 4], [5, 1])), "t: expected elements within a storage of 12, found (3, 4) from 0 on, strides 5, 1");

    [Fact]
    public void Open_NegativeStrides_AreRefused()
        => AssertRefused(Dictionary(p => p.Text("t").Tensor("FloatStorage", "0", 12, 11, [12], [-1])), "expected strides from 0 up, found another");

    [Fact]
    public void Open_SizesThatOverflow_AreRefused() => AssertRefused(
        Dictionary(p => p.Text("t").Tensor("FloatStorage", "0", 12, 0, [int.MaxValue, int.MaxValue, int.MaxValue], [0, 0, 0])), "expected a shape whose elements can be counted");

    [Fact]
    public void Open_StorageOfAnotherSize_IsRefused()
        => AssertRefused(Dictionary(p => p.Text("t").Tensor("FloatStorage", "0", 13, 0, [12], [1])), "t: expected a storage of 13 F32, found 48 bytes");

    [Fact]
    public void Open_StorageThatIsMissing_IsRefused()
        => AssertRefused(Dictionary(p => p.Text("t").Tensor("FloatStorage", "9", 12, 0, [12], [1])), "t: expected its storage data/9, found none in the zip");

    [Fact]
    public void Open_ValueThatIsNoTensor_IsRefused() => AssertRefused(Dictionary(p => p.Text("epoch").Integer(3)), "epoch: expected a tensor, found another value");

    [Fact]
    public void Open_OldForm_SaysSo() => AssertRefusedFile([0x80, 2, 0x8A, 10, 1, 2, 3], "expected a PyTorch file in the zip form, found a bare pickle");

    [Fact]
    public void Open_CutOff_SaysSo() => AssertRefusedFile(PthImage.Make()[..^30], "expected a zip directory at the end, found none (the file is cut off?)");

    private static Checkpoint Open(byte[] file) => Checkpoint.Open(CheckpointMemory.Over(file, "memory"));

    private static byte[] Dictionary(Func<PickleImage, PickleImage> item)
        => item(new PickleImage(Mutator.None).Op(0x80).Op((byte)2).Op('}').Op('(')).Op('u').Op('.').ToArray();

    private static void AssertRefused(byte[] pickle, string message) => AssertRefusedFile(PthImage.Make(pickle), message);

    private static void AssertRefusedFile(byte[] file, string message)
        => Assert.Contains(message, Assert.Throws<CheckpointException>(() => Open(file)).Message, StringComparison.Ordinal);

    /// <summary>The tensor's elements are the storage's at these places.</summary>
    private static void AssertValues(CheckpointTensor tensor, TensorType type, int[] places)
    {
        float[] values = new float[tensor.ElementCount];
        tensor.CopyTo(values);
        Assert.Equal(type, tensor.Type);
        Assert.Equal([.. places.Select(TensorSpec.Value)], values.AsSpan());
    }
}
