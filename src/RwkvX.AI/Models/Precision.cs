namespace RwkvX.AI.Models;

/// <summary>In what form an engine keeps the weights and calculates.</summary>
public enum Precision
{
    /// <summary>Weights as stored in the checkpoint (16-bit ones are widened in registers), arithmetic in single precision.</summary>
    F32,

    /// <summary>Weights as bfloat16. The CPU engine calculates in single precision; a GPU engine may calculate in bfloat16.</summary>
    BF16,

    /// <summary>Weights as IEEE half precision.</summary>
    F16,

    /// <summary>Large matrices as signed 8-bit integers with one scale a row; everything else as stored on the CPU, in bfloat16 on a GPU.</summary>
    Int8,

    /// <summary>Large matrices as 8-bit floats (E4M3) with one scale a row, on a GPU; everything else as for <see cref="Int8"/>.</summary>
    Fp8,
}
