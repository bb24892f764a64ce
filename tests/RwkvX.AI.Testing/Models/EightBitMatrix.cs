using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Reference;

namespace RwkvX.AI.Testing.Models;

/// <summary>A matrix in 8 bits with one scale a row, element by element: the readable twin of what engines hold.</summary>
public sealed class EightBitMatrix
{
    private readonly Precision _precision;

    /// <param name="matrix">(rows, columns)</param>
    /// <param name="precision">Int8 or Fp8.</param>
    public EightBitMatrix(CheckpointTensor matrix, Precision precision)
    {
        _precision = precision;
        (Rows, Columns) = (matrix.Shape[0], matrix.Shape[1]);
        (Values, Scales) = (new byte[Rows * Columns], new float[Rows]);
        float[] elements = new float[Values.Length];
        matrix.CopyTo(elements);
        float largest = precision == Precision.Int8 ? 127 : 448;
        for (int row = 0; row < Rows; row++)
        {
            Span<float> all = elements.AsSpan(row * Columns, Columns);
            foreach (float element in all)
                Scales[row] = MathF.Max(Scales[row], MathF.Abs(element) / largest);
            for (int i = 0; i < Columns; i++)
                Values[(row * Columns) + i] = Scales[row] == 0 ? (byte)0 : Encode(all[i] / Scales[row]);
        }
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>(rows, columns) codes.</summary>
    public byte[] Values { get; }

    /// <summary>(rows)</summary>
    public float[] Scales { get; }

    /// <summary>(rows, columns) what the codes stand for.</summary>
    public float[] Dequantize() => [.. Values.Select((code, i) => Decode(code) * Scales[i / Columns])];

    private byte Encode(float value) => _precision == Precision.Int8 ? (byte)(sbyte)Math.Clamp(MathF.Round(value), -127, 127) : E4M3.Encode(value);

    private float Decode(byte code) => _precision == Precision.Int8 ? (sbyte)code : E4M3.Decode(code);
}
