using System.Runtime.CompilerServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu.Kernels;

namespace RwkvX.AI.Cpu;

/// <summary>Fills a <see cref="WeightMatrix"/> from weights of another form or order; done once, at load.</summary>
internal static unsafe class WeightConversion
{
    /// <summary>Converts (O, K) weights row by row: rounded to nearest even, I8 with scale = largest magnitude of the row / 127.</summary>
    public static void Convert(byte* source, TensorType type, WeightMatrix target)
    {
        int k = target.Columns;
        nint stride = (nint)k * CheckpointTensor.SizeOf(type);
        Parallel.For(0, target.Rows, () => new float[k], (o, _, row) =>
        {
            fixed (float* w = row)
            {
                Widen(source + (o * stride), type, w, k);
                Narrow(w, target, o);
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

    private static void Widen(byte* source, TensorType type, float* w, int count)
    {
        for (nint i = 0; i < count; i++)
        {
            w[i] = type switch
            {
                TensorType.F32 => MatMulF32Weights.Load(source + (i * 4)),
                TensorType.BF16 => MatMulBF16Weights.Load(source + (i * 2)),
                TensorType.F16 => MatMulF16Weights.Load(source + (i * 2)),
                _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not converted"),
            };
        }
    }

    private static void Narrow(float* w, WeightMatrix target, int o)
    {
        int k = target.Columns;
        switch (target.Type)
        {
            case TensorType.BF16:
                for (nint i = 0; i < k; i++)
                {
                    ((ushort*)target.Row(o))[i] = ToBFloat16(w[i]);
                }

                break;
            case TensorType.F16:
                for (nint i = 0; i < k; i++)
                {
                    ((Half*)target.Row(o))[i] = (Half)w[i];
                }

                break;
            case TensorType.I8:
                target.Scales[o] = Quantize(new ReadOnlySpan<float>(w, k), (sbyte*)target.Row(o));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(target), target.Type, "not converted to");
        }
    }

    /// <summary>One row to 8 bits; returns its scale.</summary>
    private static float Quantize(ReadOnlySpan<float> w, sbyte* q)
    {
        float largest = System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(w);
        float scale = Math.Abs(largest) / 127f;
        for (int i = 0; i < w.Length; i++)
        {
            q[i] = scale == 0f ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(w[i] / scale), -127f, 127f);
        }

        return scale;
    }

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40)
            : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16); // to nearest, ties to even
    }
}
