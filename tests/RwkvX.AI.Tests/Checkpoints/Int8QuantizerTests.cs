using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class Int8QuantizerTests
{
    [Fact]
    public void QuantizeRow_RandomRows_ErrorIsAtMostHalfAStep()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 200; trial++)
        {
            float[] row = [.. Enumerable.Range(0, 100).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-20, 20))))];
            sbyte[] quantized = new sbyte[row.Length];
            float scale = Int8Quantizer.QuantizeRow(row, quantized);
            Assert.Equal(row.Max(MathF.Abs) / 127, scale);
            for (int i = 0; i < row.Length; i++)
                Assert.True(MathF.Abs(row[i] - quantized[i] * scale) <= scale * 0.50001f);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-45f)]
    [InlineData(1e-42f)]
    [InlineData(float.MaxValue)]
    public void QuantizeRow_ExtremeRows_StaysInRange(float largest)
    {
        sbyte[] quantized = new sbyte[3];
        float scale = Int8Quantizer.QuantizeRow([largest, -largest, 0], quantized);
        Assert.True(float.IsFinite(scale));
        Assert.Equal(0, quantized[2]);
        Assert.Equal(-quantized[0], quantized[1]);
    }

    [Fact]
    public void Quantize_Matrix_GivesEveryRowItsScale()
    {
        using var checkpoint = Checkpoint.Open(CheckpointMemory.Over(SafetensorsImage.Make([new("t", TensorType.BF16, 3, 40)]), "memory"));
        sbyte[] quantized = new sbyte[120];
        float[] scales = new float[3];
        Int8Quantizer.Quantize(checkpoint.Get("t"), quantized, scales);
        for (int i = 0; i < 120; i++)
            Assert.Equal(TensorSpec.Value(i), quantized[i] * scales[i / 40], 0.5001f * scales[i / 40]);
    }
}
