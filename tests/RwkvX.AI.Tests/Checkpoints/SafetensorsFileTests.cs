using System.Text;
using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    [Theory]
    [InlineData("""{"t":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}""", 24, "t: expected 24 bytes for F32 (2, 3), found data_offsets [0, 20]")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""", 20, "t: expected data up to offset 24, found a file that ends at 20")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "expected 8 bytes of tensors, found 9")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "t: expected data from offset 0 on, found from 4 on")]
    [InlineData("""{"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"I8","shape":[8],"data_offsets":[4,12]}}""", 12, "b: expected data from offset 8 on, found from 4 on")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", 8, "t: expected a shape whose elements can be counted")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}""", 0, "t: expected sizes up to 2147483647, found 4611686018427387904")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "t: expected integers from 0 up, found -1")]
    [InlineData("""{"t":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", 8, "t: expected dtype F32, F16, BF16, I8, I32 or I64, found F64")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1]}}""", 4, "t: expected dtype, shape and data_offsets, found not all of them")]
    [InlineData("""{"t":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "t: expected each field once, found one of them twice")]
    [InlineData("""{"t":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"t":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}}""", 8, "t: expected one tensor of that name, found two")]
    [InlineData("""{"w":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]},"w_scale":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "w_scale: expected one F32 for each row of (2, 2), found F32 (1)")]
    [InlineData("""{"t":[]}""", 0, "expected StartObject, found StartArray")]
    [InlineData("""{}{}""", 0, "header: not the JSON of a safetensors file")]
    [InlineData("""{"t":{"x":[[[[[[[[[1]]]]]]]]]}}""", 0, "header: not the JSON of a safetensors file")]
    public void Open_WrongHeader_IsRefusedWithItsReason(string header, int dataLength, string message)
        => AssertRefused([.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[dataLength]], message);

    [Theory]
    [InlineData(3L, "header: not the JSON")]
    [InlineData(100L, "header: expected at most 2 bytes, found 100 bytes")]
    [InlineData(long.MinValue, "header: expected at most 2 bytes, found 9223372036854775808 bytes")]
    [InlineData(-1L, "header: expected at most 2 bytes, found 18446744073709551615 bytes")]
    public void Open_WrongHeaderLength_IsRefused(long length, string message)
        => AssertRefused([.. BitConverter.GetBytes(length), (byte)'{', (byte)'}', .. length == 3 ? "x"u8 : []], message);

    [Fact]
    public void Open_NoTensors_IsAnEmptyCheckpoint()
    {
        using var checkpoint = Open([2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']);
        Assert.Empty(checkpoint.Tensors);
    }

    [Fact]
    public void Open_OtherContent_SaysWhatWasFound()
        => AssertRefused("#!/bin/sh\nexit"u8.ToArray(), "memory: expected a safetensors file or a PyTorch zip, found 14 bytes starting 23212F62696E2F73680A65786974");

    [Fact]
    public void Open_MissingFile_NamesIt()
    {
        using var folder = new TemporaryFolder();
        var e = Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder["absent.pth"]));
        Assert.Equal($"{folder["absent.pth"]}: expected a file, found none", e.Message);
        Assert.Equal(folder["absent.pth"], e.File);
    }

    [Fact]
    public void Open_EmptyFileOrFolder_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["empty"], []);
        Assert.EndsWith("expected a model file, found an empty one", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder["empty"])).Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder));
    }

    [Fact]
    public void Get_WrongShapeOrName_NamesFileTensorExpectedFound()
    {
        using var checkpoint = Open(SafetensorsImage.Make([new("blocks.3.att.w1", TensorType.BF16, 3, 4)]));
        Assert.Equal("memory: blocks.3.att.w1: expected (3, 2), found (3, 4)", Assert.Throws<CheckpointException>(() => checkpoint.Get("blocks.3.att.w1", 3, 2)).Message);
        Assert.Equal("memory: blocks.3.att.w2: expected (any, 2), found none", Assert.Throws<CheckpointException>(() => checkpoint.Get("blocks.3.att.w2", -1, 2)).Message);
        Assert.Same(checkpoint.Tensors["blocks.3.att.w1"], checkpoint.Get("blocks.3.att.w1", 3, -1));
    }

    [Fact]
    public void CopyTo_Disposed_Throws()
    {
        var checkpoint = Open(SafetensorsImage.Make([new("t", TensorType.F32, 4)]));
        CheckpointTensor tensor = checkpoint.Get("t");
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.CopyTo(new float[4]));
        Assert.Throws<ObjectDisposedException>(() => tensor.Bytes.Length);
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.I32)]
    [InlineData(TensorType.I64)]
    public void CopyTo_EveryTypeAndPart_HasTheValues(TensorType type)
    {
        using var checkpoint = Open(SafetensorsImage.Make([new("odd", TensorType.I8, 1), new("t", type, 7, 9)])); // unaligned
        CheckpointTensor tensor = checkpoint.Get("t");
        float[] values = new float[63];
        tensor.CopyTo(values);
        Assert.Equal([.. Enumerable.Range(0, 63).Select(TensorSpec.Value)], values.AsSpan());
        tensor.CopyTo(11, values.AsSpan(0, 37));
        Assert.Equal([.. Enumerable.Range(11, 37).Select(TensorSpec.Value)], values.AsSpan(0, 37));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.CopyTo(27, new float[37]));
        Assert.Throws<ArgumentException>(() => tensor.CopyTo(new float[62]));
    }

    private static Checkpoint Open(byte[] file) => Checkpoint.Open(CheckpointMemory.Over(file, "memory"));

    private static void AssertRefused(byte[] file, string message)
        => Assert.Contains(message, Assert.Throws<CheckpointException>(() => Open(file)).Message, StringComparison.Ordinal);
}
