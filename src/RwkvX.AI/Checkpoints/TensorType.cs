namespace RwkvX.AI.Checkpoints;

/// <summary>The element types that a checkpoint may hold. Little-endian throughout.</summary>
public enum TensorType
{
    /// <summary>IEEE 754 single precision, 4 bytes.</summary>
    F32,

    /// <summary>IEEE 754 half precision, 2 bytes.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a single, 2 bytes.</summary>
    BF16,

    /// <summary>Signed 8-bit integers, 1 byte; a weight of this type has a companion tensor <c>{name}_scale</c>, F32, one scale a row.</summary>
    I8,

    /// <summary>Signed 32-bit integers, 4 bytes; never a weight.</summary>
    I32,

    /// <summary>Signed 64-bit integers, 8 bytes; never a weight (token ids beside logits).</summary>
    I64,
}
