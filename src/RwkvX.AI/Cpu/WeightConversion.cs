using System.Runtime.CompilerServices;
using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Cpu;

/// <summary>Fills a <see cref="WeightMatrix"/> from weights of another form or order; done once, at load.</summary>
internal static unsafe class WeightConversion
{
    /// <summary>Converts (O, K) weights row by row, by the same rounding with which files are written.</summary>
    public static void Convert(CheckpointTensor source, WeightMatrix target)
    {
        int k = target.Columns;
        Parallel.For(0, target.Rows, () => new float[k], (o, _, row) =>
        {
            source.CopyTo((long)o * k, row);
            if (target.Type == TensorType.I8)
            {
                target.Scales[o] = Int8Quantizer.QuantizeRow(row, new Span<sbyte>(target.Row(o), k));
            }
            else
            {
                ElementConversion.Narrow(row, target.Type, new Span<byte>(target.Row(o), k * CheckpointTensor.SizeOf(target.Type)));
            }

            return row;
        }, static _ => { });
    }

    /// <summary>Turns (K, O) elements into (O, K).</summary>
    public static void Transpose(byte* source, WeightMatrix target)
    {
        if (CheckpointTensor.SizeOf(target.Type) == 4)
        {
            Transpose<uint>(source, target);
        }
        else
        {
            Transpose<ushort>(source, target);
        }
    }

    private static void Transpose<T>(byte* source, WeightMatrix target)
        where T : unmanaged
    {
        for (int o = 0; o < target.Rows; o++)
        {
            T* row = (T*)target.Row(o);
            for (nint k = 0; k < target.Columns; k++)
            {
                row[k] = Unsafe.ReadUnaligned<T>(source + (((k * target.Rows) + o) * sizeof(T)));
            }
        }
    }
}
