using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A weight matrix (O, K), row-major in its stored form: F32, BF16, F16, or I8 with one scale a row.</summary>
/// <remarks>Either a view of a checkpoint, which must outlive it, or converted once into memory of its own.</remarks>
internal sealed unsafe class WeightMatrix : IDisposable
{
    private byte* _owned;
    private float* _ownedScales;

    private WeightMatrix(int rows, int columns, TensorType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        Rows = rows;
        Columns = columns;
        Type = type;
    }

    ~WeightMatrix() => Free();

    /// <summary>O, the number of outputs.</summary>
    public int Rows { get; }

    /// <summary>K, the number of inputs.</summary>
    public int Columns { get; }

    /// <summary>The form of the elements.</summary>
    public TensorType Type { get; }

    /// <summary>Bytes that a product with one row of inputs reads: the elements and the scales.</summary>
    public long ByteLength => ((long)Rows * RowBytes) + (Type == TensorType.I8 ? (long)Rows * sizeof(float) : 0);

    /// <summary>Bytes of memory that this matrix owns; 0 for a view.</summary>
    public long OwnedBytes => _owned == null ? 0 : ByteLength;

    /// <summary>(O, K) the elements; may be unaligned.</summary>
    public byte* Data { get; private set; }

    /// <summary>(O) f32 factors of the rows for I8, otherwise null.</summary>
    public float* Scales { get; private set; }

    private nint RowBytes => (nint)Columns * CheckpointTensor.SizeOf(Type);

    /// <summary>The start of one row.</summary>
    public byte* Row(int row) => Data + (row * RowBytes);

    /// <summary>A weight in the form that a precision asks for: a view where it is stored so, else converted once.</summary>
    /// <param name="weight">(O, K) as stored.</param>
    /// <param name="scale">(O) f32 for a weight stored as I8; null for the tensor's own <see cref="CheckpointTensor.Scale"/>.</param>
    /// <param name="precision">F32: as stored. A weight stored as I8 stays so at every precision.</param>
    /// <exception cref="ArgumentException">The weight is not a matrix, or has no fitting scale.</exception>
    /// <exception cref="NotSupportedException">The precision is not one of the CPU's.</exception>
    public static WeightMatrix From(CheckpointTensor weight, CheckpointTensor? scale, Precision precision)
    {
        TensorType wanted = Wanted(weight.Type, precision);
        (int rows, int columns) = ShapeOf(weight);
        scale ??= weight.Scale;
        if (weight.Type == TensorType.I8 && (scale is null || scale.Type != TensorType.F32 || scale.ElementCount != rows))
        {
            throw new ArgumentException($"{weight.Name}: expected {rows} f32 scales, found {(scale is null ? "none" : $"{scale.ElementCount} {scale.Type}")}");
        }

        if (wanted == weight.Type)
        {
            return new WeightMatrix(rows, columns, wanted) { Data = weight.Data, Scales = wanted == TensorType.I8 ? (float*)scale!.Data : null };
        }

        WeightMatrix matrix = Allocate(rows, columns, wanted);
        WeightConversion.Convert(weight, matrix);
        return matrix;
    }

    /// <summary>A weight stored the other way round, (in, out), such as the LoRA factors: transposed once, in the stored form.</summary>
    /// <param name="weight">(K, O) F32, BF16 or F16.</param>
    /// <exception cref="ArgumentException">The weight is not a matrix, or is stored as I8.</exception>
    public static WeightMatrix FromTransposed(CheckpointTensor weight)
    {
        (int columns, int rows) = ShapeOf(weight);
        if (weight.Type == TensorType.I8)
        {
            throw new ArgumentException($"{weight.Name}: expected F32, BF16 or F16, found I8: scales of rows cannot be transposed");
        }

        WeightMatrix matrix = Allocate(rows, columns, weight.Type);
        WeightConversion.Transpose(weight.Data, matrix);
        return matrix;
    }

    /// <summary>A matrix with memory of its own, aligned to 64 bytes and not yet filled.</summary>
    public static WeightMatrix Allocate(int rows, int columns, TensorType type)
    {
        WeightMatrix matrix = new(rows, columns, type);
        matrix._owned = (byte*)NativeMemory.AlignedAlloc((nuint)((long)rows * matrix.RowBytes), 64);
        matrix.Data = matrix._owned;
        if (type == TensorType.I8)
        {
            matrix._ownedScales = (float*)NativeMemory.AlignedAlloc((nuint)rows * sizeof(float), 64);
            matrix.Scales = matrix._ownedScales;
        }

        return matrix;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static TensorType Wanted(TensorType stored, Precision precision) => stored == TensorType.I8 ? stored : precision switch
    {
        Precision.F32 => stored,
        Precision.BF16 => TensorType.BF16,
        Precision.F16 => TensorType.F16,
        Precision.Int8 => TensorType.I8,
        _ => throw new NotSupportedException($"precision: expected F32, BF16, F16 or Int8 on the CPU engine, found {precision}"),
    };

    private static (int Outer, int Inner) ShapeOf(CheckpointTensor weight)
    {
        if (weight.Type is not (TensorType.F32 or TensorType.BF16 or TensorType.F16 or TensorType.I8))
        {
            throw new ArgumentException($"{weight.Name}: expected weights, found {weight.Type}");
        }

        return weight.Shape.Count == 2
            ? (weight.Shape[0], weight.Shape[1])
            : throw new ArgumentException($"{weight.Name}: expected a matrix, found shape ({string.Join(", ", weight.Shape)})");
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_owned);
        NativeMemory.AlignedFree(_ownedScales);
        _owned = Data = null;
        _ownedScales = Scales = null;
    }
}
