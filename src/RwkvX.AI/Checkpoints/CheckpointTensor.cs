namespace RwkvX.AI.Checkpoints;

/// <summary>A tensor of a checkpoint, row-major: a view of the mapped file wherever the file's layout allows it.</summary>
/// <remarks>Valid until its <see cref="Checkpoint"/> is disposed.</remarks>
public sealed unsafe class CheckpointTensor
{
    internal CheckpointTensor(string name, TensorType type, int[] shape, byte* data, long byteLength)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Data = data;
        ByteLength = byteLength;
    }

    /// <summary>The published name, such as <c>rwkv.blocks.0.att.key.weight</c>.</summary>
    public string Name { get; }

    /// <summary>The element type as stored.</summary>
    public TensorType Type { get; }

    /// <summary>The sizes, outermost first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Bytes of the tensor's elements.</summary>
    public long ByteLength { get; }

    /// <summary>Number of elements.</summary>
    public long ElementCount => ByteLength / SizeOf(Type);

    /// <summary>The elements as bytes, little-endian, row-major; at most 2 GiB.</summary>
    public ReadOnlySpan<byte> Bytes => new(Data, checked((int)ByteLength));

    /// <summary>Start of the elements; may be unaligned.</summary>
    internal byte* Data { get; }

    /// <summary>Bytes of one element of a type.</summary>
    public static int SizeOf(TensorType type) => type switch
    {
        TensorType.F32 => 4,
        TensorType.F16 or TensorType.BF16 => 2,
        TensorType.I8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a tensor type"),
    };
}
