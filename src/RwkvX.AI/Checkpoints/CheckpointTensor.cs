using System.Security.Cryptography;

namespace RwkvX.AI.Checkpoints;

/// <summary>A tensor of a checkpoint, row-major: a view of the mapped file wherever the file's layout allows it.</summary>
/// <remarks>Valid until its <see cref="Checkpoint"/> is disposed.</remarks>
public sealed unsafe class CheckpointTensor
{
    private readonly CheckpointMemory? _memory;

    internal CheckpointTensor(string name, TensorType type, int[] shape, byte* data, long byteLength, CheckpointMemory? memory = null)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Data = data;
        ByteLength = byteLength;
        _memory = memory;
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

    /// <summary>(rows) F32: what each row of an <see cref="TensorType.I8"/> weight is to be multiplied by, <c>{name}_scale</c> in the file; null where there is none.</summary>
    public CheckpointTensor? Scale { get; internal set; }

    /// <summary>The elements as bytes, little-endian, row-major; at most 2 GiB.</summary>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public ReadOnlySpan<byte> Bytes => BytesAt(0, checked((int)ByteLength));

    /// <summary>Start of the elements; may be unaligned.</summary>
    internal byte* Data { get; }

    /// <summary>Bytes of one element of a type.</summary>
    public static int SizeOf(TensorType type) => type switch
    {
        TensorType.I64 => 8,
        TensorType.F32 or TensorType.I32 => 4,
        TensorType.F16 or TensorType.BF16 => 2,
        TensorType.I8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a tensor type"),
    };

    /// <summary>All elements as single precision, <see cref="TensorType.I8"/> weights multiplied by their scales.</summary>
    /// <param name="destination">(<see cref="ElementCount"/>)</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="InvalidOperationException">8-bit integers without scales.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public void CopyTo(Span<float> destination)
    {
        if (destination.Length != ElementCount)
            throw new ArgumentException($"{Name}: expected room for {ElementCount} elements, found {destination.Length}", nameof(destination));
        CopyTo(0, destination);
    }

    /// <summary>Some of the elements as single precision, <see cref="TensorType.I8"/> weights multiplied by their scales.</summary>
    /// <param name="start">The first element, counted row-major.</param>
    /// <param name="destination">As many elements as are wanted.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many elements.</exception>
    /// <exception cref="InvalidOperationException">8-bit integers without scales.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public void CopyTo(long start, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, ElementCount - destination.Length);
        const int Block = 1 << 20; // elements; keeps the bytes of a block within a span
        for (int done = 0; done < destination.Length; done += Block)
        {
            Span<float> block = destination[done..Math.Min(done + Block, destination.Length)];
            if (Type == TensorType.I8)
                CopyScaled(start + done, block);
            else
                ElementConversion.Widen(BytesAt((start + done) * SizeOf(Type), block.Length * SizeOf(Type)), Type, block);
        }
    }

    /// <summary>Writes the elements as they are stored.</summary>
    internal void WriteTo(Stream stream)
    {
        const int Block = 1 << 20;
        for (long done = 0; done < ByteLength; done += Block)
            stream.Write(BytesAt(done, (int)Math.Min(Block, ByteLength - done)));
    }

    /// <summary>Hashes the elements as they are stored.</summary>
    internal void AppendTo(IncrementalHash hash)
    {
        const int Block = 1 << 20;
        for (long done = 0; done < ByteLength; done += Block)
            hash.AppendData(BytesAt(done, (int)Math.Min(Block, ByteLength - done)));
    }

    private void CopyScaled(long start, Span<float> destination)
    {
        ReadOnlySpan<byte> scales = (Scale ?? throw new InvalidOperationException($"{Name}: 8-bit integers without {Name}_scale")).Bytes;
        long columns = ElementCount / Shape[0];
        while (!destination.IsEmpty)
        {
            (long row, long column) = Math.DivRem(start, columns);
            int count = (int)Math.Min(destination.Length, columns - column);
            float scale = BitConverter.ToSingle(scales.Slice((int)row * sizeof(float), sizeof(float)));
            ElementConversion.WidenInt8(BytesAt(start, count), scale, destination[..count]);
            destination = destination[count..];
            start += count;
        }
    }

    private ReadOnlySpan<byte> BytesAt(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_memory is { IsDisposed: true }, typeof(Checkpoint));
        return new ReadOnlySpan<byte>(Data + offset, length);
    }
}
