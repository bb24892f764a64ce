namespace RwkvX.AI.Cpu.Kernels;

/// <summary>y = h + (h' − h)·mu: a token's vector mixed with the one before it.</summary>
internal static unsafe class TokenShift
{
    /// <summary>Mixes one row.</summary>
    /// <param name="h">(C) this token's vector.</param>
    /// <param name="hPrev">(C) the one before.</param>
    /// <param name="mu">(C) share of the one before.</param>
    /// <param name="y">(C) output.</param>
    /// <param name="C">A multiple of 64.</param>
    public static void Run<V>(float* h, float* hPrev, float* mu, float* y, int C)
        where V : struct, ILanes<V>
    {
        for (int c = 0; c < C; c += V.Count)
        {
            V now = V.Load(h + c);
            V.MultiplyAdd(V.Load(hPrev + c) - now, V.Load(mu + c), now).Store(y + c);
        }
    }

    /// <summary>The six mixes of a time mix at once: r, w, k, v, a, g.</summary>
    /// <param name="h">(C) this token's vector.</param>
    /// <param name="hPrev">(C) the one before.</param>
    /// <param name="mu">(6, C) shares.</param>
    /// <param name="y">Six rows (C), <paramref name="ldy"/> floats apart.</param>
    /// <param name="ldy">Floats from one mix to the next.</param>
    /// <param name="C">A multiple of 64.</param>
    public static void RunSix<V>(float* h, float* hPrev, float* mu, float* y, nint ldy, int C)
        where V : struct, ILanes<V>
    {
        for (int c = 0; c < C; c += V.Count)
        {
            V now = V.Load(h + c);
            V delta = V.Load(hPrev + c) - now;
            for (int m = 0; m < 6; m++)
            {
                V.MultiplyAdd(delta, V.Load(mu + (m * C) + c), now).Store(y + (m * ldy) + c);
            }
        }
    }
}
