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

    /// <summary>Large matrices as signed 8-bit integers with one scale a row; everything else as stored.</summary>
    Int8,

    /// <summary>Large matrices as 8-bit floats (E4M3) with scales, where the device has them.</summary>
    Fp8,
}
