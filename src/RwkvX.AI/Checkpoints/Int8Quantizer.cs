using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace RwkvX.AI.Checkpoints;

/// <summary>Weights as signed 8-bit integers with one scale a row: w ≈ q·s, s = max|w| / 127, q = round(w / s), so |w − q·s| ≤ s / 2.</summary>
internal static class Int8Quantizer
{
    private const float Largest = 127; // symmetric: -128 is not used

    /// <summary>Quantizes one row; returns its scale.</summary>
    /// <param name="row">(columns) finite values.</param>
    /// <param name="destination">(columns)</param>
    public static float QuantizeRow(ReadOnlySpan<float> row, Span<sbyte> destination)
    {
        float scale = MathF.Abs(TensorPrimitives.MaxMagnitude(row)) / Largest;
        if (scale == 0)
        {
            destination[..row.Length].Clear();
            return 0;
        }
        for (int i = 0; i < row.Length; i++) // clamped, since a subnormal scale may have been rounded down far
            destination[i] = (sbyte)Math.Clamp(MathF.Round(row[i] / scale), -Largest, Largest);
        return scale;
    }

    /// <summary>Quantizes a matrix, or copies one that is 8-bit already.</summary>
    /// <param name="matrix">(rows, columns)</param>
    /// <param name="destination">(rows, columns)</param>
    /// <param name="scales">(rows)</param>
    public static void Quantize(CheckpointTensor matrix, Span<sbyte> destination, Span<float> scales)
    {
        if (matrix is { Type: TensorType.I8, Scale: { } scale })
        {
            MemoryMarshal.Cast<byte, sbyte>(matrix.Bytes).CopyTo(destination);
            scale.CopyTo(scales);
            return;
        }
        int rows = matrix.Shape[0], columns = matrix.Shape[1];
        float[] row = new float[columns];
        for (int r = 0; r < rows; r++)
        {
            matrix.CopyTo((long)r * columns, row);
            scales[r] = QuantizeRow(row, destination.Slice(r * columns, columns));
        }
    }
}
