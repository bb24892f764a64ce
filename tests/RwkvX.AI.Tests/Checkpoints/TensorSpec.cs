using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>A tensor of a file that a test makes; its values follow from its sizes.</summary>
internal sealed record TensorSpec(string Name, TensorType Type, params int[] Shape)
{
    public int Count => Shape.Aggregate(1, (product, size) => product * size);

    public int ByteLength => Count * CheckpointTensor.SizeOf(Type);

    /// <summary>Element i, exact in every type.</summary>
    public static float Value(int i) => i % 17 - 8;

    /// <summary>The elements in the type's form, little-endian.</summary>
    public byte[] Bytes()
    {
        byte[] bytes = new byte[ByteLength];
        int size = CheckpointTensor.SizeOf(Type);
        for (int i = 0; i < Count; i++)
        {
            float value = Value(i);
            byte[] element = Type switch
            {
                TensorType.F32 => BitConverter.GetBytes(value),
                TensorType.F16 => BitConverter.GetBytes((Half)value),
                TensorType.BF16 => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
                TensorType.I8 => [(byte)(sbyte)value],
                TensorType.I32 => BitConverter.GetBytes((int)value),
                _ => BitConverter.GetBytes((long)value),
            };
            element.CopyTo(bytes, i * size);
        }
        return bytes;
    }
}
