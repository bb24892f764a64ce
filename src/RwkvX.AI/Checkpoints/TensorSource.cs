using System.Runtime.InteropServices;

namespace RwkvX.AI.Checkpoints;

/// <summary>A tensor to be written: what the header says of it, and who writes its bytes when its turn comes.</summary>
public sealed class TensorSource
{
    private readonly Action<Stream> _write;

    /// <summary>A tensor whose bytes are made while they are written.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Its sizes, outermost first.</param>
    /// <param name="write">Writes exactly the elements, little-endian and row-major. Called once, after all sources before this one were written.</param>
    /// <exception cref="ArgumentException">The name is empty, or the shape negative or too large to count.</exception>
    public TensorSource(string name, TensorType type, IReadOnlyList<int> shape, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(write);
        if (shape.Any(size => size < 0) || !TensorShape.TryCount([.. shape], out long count))
            throw new ArgumentException($"{name}: not a shape: {TensorShape.Format(shape)}", nameof(shape));
        Name = name;
        Type = type;
        Shape = shape;
        ByteLength = count * CheckpointTensor.SizeOf(type);
        _write = write;
    }

    /// <summary>A tensor of single-precision values.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="values">Its elements, row-major; read when written.</param>
    /// <param name="shape">Its sizes, outermost first.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public TensorSource(string name, ReadOnlyMemory<float> values, params int[] shape)
        : this(name, TensorType.F32, shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)))
    {
        if (ByteLength != sizeof(float) * (long)values.Length)
            throw new ArgumentException($"{name}: expected {ByteLength / sizeof(float)} elements, found {values.Length}", nameof(values));
    }

    /// <summary>A tensor of another checkpoint, as it is stored there.</summary>
    public TensorSource(CheckpointTensor tensor)
        : this((tensor ?? throw new ArgumentNullException(nameof(tensor))).Name, tensor.Type, tensor.Shape, tensor.WriteTo)
    {
    }

    /// <summary>The name in the file.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public TensorType Type { get; }

    /// <summary>The sizes, outermost first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Bytes of the elements.</summary>
    public long ByteLength { get; }

    internal void WriteTo(Stream stream)
    {
        if (!stream.CanSeek)
        {
            _write(stream); // a pipe does not tell how much it took
            return;
        }

        long start = stream.Position;
        _write(stream);
        if (stream.Position - start != ByteLength)
            throw new InvalidOperationException($"{Name}: expected {ByteLength} bytes to be written, found {stream.Position - start}");
    }
}
