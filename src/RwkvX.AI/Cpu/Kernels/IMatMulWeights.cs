using System.Runtime.Intrinsics;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>One stored form of weights: how elements become single precision in registers. All loads are exact and need no alignment.</summary>
internal unsafe interface IMatMulWeights
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Size { get; }

    /// <summary>16 elements.</summary>
    static abstract Vector512<float> Load512(byte* source);

    /// <summary>8 elements.</summary>
    static abstract Vector256<float> Load256(byte* source);

    /// <summary>4 elements.</summary>
    static abstract Vector128<float> Load128(byte* source);

    /// <summary>One element.</summary>
    static abstract float Load(byte* source);
}
