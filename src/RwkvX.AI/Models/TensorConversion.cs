using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>A model's tensors in another precision, made block by block while they are written.</summary>
internal sealed class TensorConversion
{
    private const int BlockElements = 1 << 16;

    private readonly string _path;
    private readonly HashSet<CheckpointTensor> _matrices;
    private readonly Precision? _precision;

    /// <summary>Prepares the conversion.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="tensors">The model, which says which tensors are large matrices.</param>
    /// <param name="precision">F32, BF16, F16, Int8, or null for as stored.</param>
    public TensorConversion(string path, ModelTensors tensors, Precision? precision)
    {
        if (precision is not (null or Precision.F32 or Precision.BF16 or Precision.F16 or Precision.Int8))
            throw new ArgumentOutOfRangeException(nameof(precision), precision, "files hold F32, BF16, F16 or Int8");
        _path = path;
        _matrices = [.. tensors.Matrices];
        _precision = precision;
    }

    /// <summary>All tensors of the file, in its order.</summary>
    public List<TensorSource> Convert(Checkpoint checkpoint)
    {
        HashSet<CheckpointTensor> scales = [.. checkpoint.Tensors.Values.Where(tensor => tensor.Scale is not null).Select(tensor => tensor.Scale!)];
        List<TensorSource> sources = [];
        foreach (CheckpointTensor tensor in checkpoint.Tensors.Values)
        {
            if (scales.Contains(tensor))
                continue; // goes with its weight
            if (_precision == Precision.Int8 && _matrices.Contains(tensor) && tensor.Type != TensorType.I8)
                AddQuantized(sources, tensor);
            else if (_precision is null or Precision.Int8)
                AddAsStored(sources, tensor);
            else
                sources.Add(Converted(tensor, TypeOf(_precision.Value)));
        }
        return sources;
    }

    private static TensorType TypeOf(Precision precision) => precision switch
    {
        Precision.F32 => TensorType.F32,
        Precision.BF16 => TensorType.BF16,
        _ => TensorType.F16,
    };

    private static void AddAsStored(List<TensorSource> sources, CheckpointTensor tensor)
    {
        sources.Add(new TensorSource(tensor));
        if (tensor.Scale is { } scale)
            sources.Add(new TensorSource(scale));
    }

    /// <summary>The integers, and behind them the scales that were found while the integers were written.</summary>
    private void AddQuantized(List<TensorSource> sources, CheckpointTensor matrix)
    {
        int rows = matrix.Shape[0], columns = matrix.Shape[1];
        float[] scales = new float[rows];
        sources.Add(new TensorSource(matrix.Name, TensorType.I8, matrix.Shape, stream =>
        {
            float[] row = new float[columns];
            sbyte[] quantized = new sbyte[columns];
            for (int r = 0; r < rows; r++)
            {
                matrix.CopyTo((long)r * columns, row);
                CheckRange(matrix, row, float.MaxValue);
                scales[r] = Int8Quantizer.QuantizeRow(row, quantized);
                stream.Write(MemoryMarshal.AsBytes<sbyte>(quantized));
            }
        }));
        sources.Add(new TensorSource($"{matrix.Name}_scale", scales, rows));
    }

    private TensorSource Converted(CheckpointTensor tensor, TensorType type)
    {
        if (tensor.Type == type)
            return new TensorSource(tensor);
        return new TensorSource(tensor.Name, type, tensor.Shape, stream =>
        {
            int block = (int)Math.Min(BlockElements, tensor.ElementCount);
            float[] wide = new float[block];
            byte[] narrow = new byte[block * CheckpointTensor.SizeOf(type)];
            for (long start = 0; start < tensor.ElementCount; start += block)
            {
                Span<float> values = wide.AsSpan(0, (int)Math.Min(block, tensor.ElementCount - start));
                tensor.CopyTo(start, values);
                if (type == TensorType.F16)
                    CheckRange(tensor, values, (float)Half.MaxValue);
                Span<byte> bytes = narrow.AsSpan(0, values.Length * CheckpointTensor.SizeOf(type));
                ElementConversion.Narrow(values, type, bytes);
                stream.Write(bytes);
            }
        });
    }

    private void CheckRange(CheckpointTensor tensor, ReadOnlySpan<float> values, float largest)
    {
        float found = MathF.Abs(TensorPrimitives.MaxMagnitude(values)); // NaN where any is
        if (!(found <= largest))
            throw new CheckpointException(_path, tensor.Name, FormattableString.Invariant($"weights up to {largest} for this precision"), FormattableString.Invariant($"{found}"));
    }
}
