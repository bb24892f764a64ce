using System.Runtime.CompilerServices;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Elementwise functions between two matrix products, in place over one row.</summary>
internal static unsafe class Activations
{
    /// <summary>x ← relu(x)².</summary>
    public static void ReluSquared<V>(float* x, int size)
        where V : struct, ILanes<V>
    {
        int i = 0;
        for (; i + V.Count <= size; i += V.Count)
        {
            V positive = V.Max(V.Load(x + i), V.Splat(0));
            (positive * positive).Store(x + i);
        }

        for (; i < size; i++)
        {
            float positive = MathF.Max(x[i], 0);
            x[i] = positive * positive;
        }
    }

    /// <summary>x ← σ(x).</summary>
    public static void Sigmoid<V>(float* x, int size)
        where V : struct, ILanes<V>
    {
        int i = 0;
        for (; i + V.Count <= size; i += V.Count)
        {
            Sigmoid(V.Load(x + i)).Store(x + i);
        }

        if (i < size) // ranks are whatever the file has; rows always start at element 0, so an element's form never changes
        {
            Tail<V>(x + i, size - i, &Sigmoid);
        }
    }

    /// <summary>x ← tanh(x).</summary>
    public static void Tanh<V>(float* x, int size)
        where V : struct, ILanes<V>
    {
        int i = 0;
        for (; i + V.Count <= size; i += V.Count)
        {
            Tanh(V.Load(x + i)).Store(x + i);
        }

        if (i < size)
        {
            Tail<V>(x + i, size - i, &Tanh);
        }
    }

    /// <summary>σ(x) = 1 / (1 + exp(−x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<V>(V x)
        where V : struct, ILanes<V>
        => V.Splat(1) / (V.Splat(1) + V.Exp(V.Splat(0) - x));

    /// <summary>tanh(x) = 1 − 2 / (1 + exp(2x)): absolute error of one rounding of 1, enough for a gate's argument.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<V>(V x)
        where V : struct, ILanes<V>
        => V.Splat(1) - (V.Splat(2) / (V.Splat(1) + V.Exp(x + x)));

    private static void Tail<V>(float* x, int size, delegate*<V, V> function)
        where V : struct, ILanes<V>
    {
        float* padded = stackalloc float[16];
        new Span<float>(padded, 16).Clear();
        new ReadOnlySpan<float>(x, size).CopyTo(new Span<float>(padded, 16));
        function(V.Load(padded)).Store(padded);
        new ReadOnlySpan<float>(padded, size).CopyTo(new Span<float>(x, size));
    }
}
