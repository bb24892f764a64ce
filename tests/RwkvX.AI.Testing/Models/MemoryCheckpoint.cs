using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Testing.Models;

/// <summary>Tensors that were never in a file.</summary>
public sealed unsafe class MemoryCheckpoint : Checkpoint
{
    private readonly Dictionary<string, CheckpointTensor> _tensors = [];
    private readonly List<nint> _memory = [];

    public override string Path => "<memory>";

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <summary>Adds a tensor in single precision.</summary>
    public void Add(string name, int[] shape, ReadOnlySpan<float> values) =>
        Add(name, TensorType.F32, shape, MemoryMarshal.AsBytes(values));

    /// <summary>Adds a tensor of any type.</summary>
    public void Add(string name, TensorType type, int[] shape, ReadOnlySpan<byte> bytes)
    {
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes.Length, 64), 64);
        _memory.Add((nint)data);
        bytes.CopyTo(new Span<byte>(data, bytes.Length));
        _tensors.Add(name, new CheckpointTensor(name, type, shape, data, bytes.Length));
    }

    protected override void Dispose(bool disposing)
    {
        _memory.ForEach(data => NativeMemory.AlignedFree((void*)data));
        _memory.Clear();
        _tensors.Clear();
    }
}
