using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

public sealed unsafe class WeightMatrixTests
{
    [Theory]
    [InlineData(TensorType.F32, Precision.F32)]
    [InlineData(TensorType.BF16, Precision.F32)]
    [InlineData(TensorType.BF16, Precision.BF16)]
    [InlineData(TensorType.F16, Precision.F16)]
    [InlineData(TensorType.I8, Precision.Int8)]
    [InlineData(TensorType.I8, Precision.F32)]
    public void From_StoredAsWanted_IsAView(TensorType stored, Precision precision)
    {
        byte[] bytes = new byte[3 * 5 * CheckpointTensor.SizeOf(stored)];
        float[] scales = new float[3];
        fixed (byte* p = bytes)
        fixed (float* s = scales)
        {
            CheckpointTensor? scale = stored == TensorType.I8 ? new("s", TensorType.F32, [3], (byte*)s, 12) : null;
            using WeightMatrix w = WeightMatrix.From(new("w", stored, [3, 5], p, bytes.Length), scale, precision);
            Assert.Equal((nint)p, (nint)w.Data);
            Assert.Equal(stored, w.Type);
            Assert.Equal((3, 5), (w.Rows, w.Columns));
            Assert.Equal(0, w.OwnedBytes);
            Assert.Equal(bytes.Length + (scale is null ? 0 : 12), w.ByteLength);
            Assert.Equal(scale is null ? 0 : (nint)s, (nint)w.Scales);
        }
    }

    [Fact]
    public void From_F32ToBF16_RoundsToNearestEven()
    {
        float[] values = [1f, 1f + (1f / 256), 1f + (3f / 256), -1.0001f, float.PositiveInfinity, float.NaN, 3.4e38f, -0f];
        float[] expected = [1f, 1f, 1f + (4f / 256), -1f, float.PositiveInfinity, float.NaN, float.PositiveInfinity, -0f];
        using WeightMatrix w = Converted(values, 2, Precision.BF16);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(expected[i], BitConverter.Int32BitsToSingle(((ushort*)w.Data)[i] << 16));
        }
    }

    [Fact]
    public void From_F32ToF16_RoundsAsTheRuntimeDoes()
    {
        float[] values = [1f, 0.1f, -65504f, 6e-8f, 1e-5f, 2049f];
        using WeightMatrix w = Converted(values, 2, Precision.F16);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal((Half)values[i], ((Half*)w.Data)[i]);
        }
    }

    [Fact]
    public void From_F32ToInt8_IsWithinHalfAStepOfEachRow()
    {
        Random random = new(1);
        float[] values = new float[40 * 33];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i / 33 == 7 ? 0f : (random.NextSingle() - 0.5f) * (1 + (i / 33)); // row 7 is all zero
        }

        using WeightMatrix w = Converted(values, 40, Precision.Int8);
        for (int i = 0; i < values.Length; i++)
        {
            float scale = w.Scales[i / 33];
            Assert.Equal(values[i], ((sbyte*)w.Data)[i] * scale, (scale * 0.5001f) + 1e-12f);
        }

        Assert.Equal(0f, w.Scales[7]);
        for (int o = 0; o < 40; o++)
        {
            Assert.Equal(o == 7 ? 0 : 127, Enumerable.Range(0, 33).Max(k => Math.Abs((int)((sbyte*)w.Row(o))[k])));
        }
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.BF16)]
    public void FromTransposed_AnyType_SwapsRowsAndColumns(TensorType type)
    {
        byte[] bytes = new byte[7 * 3 * CheckpointTensor.SizeOf(type)];
        new Random(1).NextBytes(bytes);
        fixed (byte* p = bytes)
        {
            using WeightMatrix w = WeightMatrix.FromTransposed(new("w1", type, [7, 3], p, bytes.Length));
            Assert.Equal((3, 7), (w.Rows, w.Columns));
            int size = CheckpointTensor.SizeOf(type);
            for (int k = 0; k < 7; k++)
            {
                for (int o = 0; o < 3; o++)
                {
                    Assert.True(new ReadOnlySpan<byte>(w.Row(o) + (k * size), size).SequenceEqual(bytes.AsSpan(((k * 3) + o) * size, size)));
                }
            }
        }
    }

    [Fact]
    public void From_WrongTensors_ThrowsWithTheName()
    {
        float[] values = new float[8];
        fixed (float* p = values)
        {
            CheckpointTensor vector = new("vector", TensorType.F32, [8], (byte*)p, 32);
            CheckpointTensor bytes = new("bytes", TensorType.I8, [4, 2], (byte*)p, 8);
            Assert.Contains("vector", Assert.Throws<ArgumentException>(() => WeightMatrix.From(vector, null, Precision.F32)).Message, StringComparison.Ordinal);
            Assert.Contains("bytes", Assert.Throws<ArgumentException>(() => WeightMatrix.From(bytes, null, Precision.Int8)).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => WeightMatrix.From(bytes, vector, Precision.Int8));
            Assert.Throws<ArgumentException>(() => WeightMatrix.FromTransposed(bytes));
            CheckpointTensor integers = new("integers", TensorType.I32, [4, 2], (byte*)p, 32);
            Assert.Throws<ArgumentException>(() => WeightMatrix.From(integers, null, Precision.F32));
            CheckpointTensor matrix = new("matrix", TensorType.F32, [4, 2], (byte*)p, 32);
            Assert.Throws<NotSupportedException>(() => WeightMatrix.From(matrix, null, Precision.Fp8));
        }
    }

    private static WeightMatrix Converted(float[] values, int rows, Precision precision)
    {
        fixed (float* p = values)
        {
            return WeightMatrix.From(
                new("w", TensorType.F32, [rows, values.Length / rows], (byte*)p, MemoryMarshal.AsBytes<float>(values).Length), null, precision);
        }
    }
}
