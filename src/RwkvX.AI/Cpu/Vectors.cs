using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Cpu;

/// <summary>The small tensors of a checkpoint, widened once to single precision.</summary>
internal static class Vectors
{
    /// <summary>One tensor after another in one buffer.</summary>
    public static NativeBuffer From(params ReadOnlySpan<CheckpointTensor> tensors)
    {
        long count = 0;
        foreach (CheckpointTensor tensor in tensors)
        {
            count += tensor.ElementCount;
        }

        NativeBuffer buffer = new(count);
        Span<float> rest = buffer.Span;
        foreach (CheckpointTensor tensor in tensors)
        {
            tensor.CopyTo(rest[..(int)tensor.ElementCount]);
            rest = rest[(int)tensor.ElementCount..];
        }

        return buffer;
    }
}
