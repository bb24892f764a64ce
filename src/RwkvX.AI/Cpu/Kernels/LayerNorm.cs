namespace RwkvX.AI.Cpu.Kernels;

/// <summary>y = (x − mean) / √(variance + ε) · weight + bias over one row.</summary>
internal static unsafe class LayerNorm
{
    /// <summary>ε of every LayerNorm of the model.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>ε of the group norm over the heads (<c>ln_x</c>).</summary>
    public const float GroupEpsilon = 64e-5f;

    /// <summary>Normalises one row.</summary>
    /// <param name="x">(size) input.</param>
    /// <param name="weight">(size) scale.</param>
    /// <param name="bias">(size) shift.</param>
    /// <param name="y">(size) output; may be <paramref name="x"/>.</param>
    /// <param name="size">A multiple of 64.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public static void Run<V>(float* x, float* weight, float* bias, float* y, int size, float epsilon)
        where V : struct, ILanes<V>
    {
        V sum0 = V.Splat(0), sum1 = V.Splat(0);
        for (int c = 0; c < size; c += 2 * V.Count)
        {
            sum0 += V.Load(x + c);
            sum1 += V.Load(x + c + V.Count);
        }

        V mean = V.Splat((sum0 + sum1).Sum() / size);
        V square0 = V.Splat(0), square1 = V.Splat(0);
        for (int c = 0; c < size; c += 2 * V.Count)
        {
            V d0 = V.Load(x + c) - mean, d1 = V.Load(x + c + V.Count) - mean;
            square0 = V.MultiplyAdd(d0, d0, square0);
            square1 = V.MultiplyAdd(d1, d1, square1);
        }

        V scale = V.Splat(1 / MathF.Sqrt(((square0 + square1).Sum() / size) + epsilon));
        for (int c = 0; c < size; c += V.Count)
        {
            V.MultiplyAdd((V.Load(x + c) - mean) * scale, V.Load(weight + c), V.Load(bias + c)).Store(y + c);
        }
    }

    /// <summary>x += delta, then <see cref="Run"/> of x into <paramref name="y"/>: a residual connection and the norm after it.</summary>
    public static void AddAndRun<V>(float* x, float* delta, float* weight, float* bias, float* y, int size)
        where V : struct, ILanes<V>
    {
        for (int c = 0; c < size; c += V.Count)
        {
            (V.Load(x + c) + V.Load(delta + c)).Store(x + c);
        }

        Run<V>(x, weight, bias, y, size, Epsilon);
    }
}
