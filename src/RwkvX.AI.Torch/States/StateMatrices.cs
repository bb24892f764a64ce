using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace RwkvX.AI.Torch.States;

/// <summary>The matrices S of a layer: f32 in a snapshot, f32 or f16 in a state, as wkv_state.cuh says.</summary>
internal static class StateMatrices
{
    private const float Largest = 65504; // of f16

    /// <summary>From a snapshot, rounded as a kernel's store rounds: to the nearest, a tie to even, beyond the finite range to its end.</summary>
    /// <param name="wkv">(H, N, N)</param>
    /// <param name="shape">The sizes and types.</param>
    /// <param name="words">Their place in a state.</param>
    public static void Write(ReadOnlySpan<float> wkv, ModelShape shape, Span<float> words)
    {
        if (shape.StateType == 0)
        {
            wkv.CopyTo(words);
            return;
        }
        float[] finite = new float[wkv.Length];
        TensorPrimitives.Clamp(wkv, -Largest, Largest, finite);
        TensorPrimitives.ConvertToHalf(finite, MemoryMarshal.Cast<float, Half>(words));
    }

    /// <summary>(H, N, N) for a snapshot: exactly what is there.</summary>
    public static float[] Read(ReadOnlySpan<float> words, ModelShape shape)
    {
        if (shape.StateType == 0)
            return words.ToArray();
        float[] wkv = new float[2 * words.Length];
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<float, Half>(words), wkv);
        return wkv;
    }
}
