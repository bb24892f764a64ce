using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A full page that still lies in a snapshot: laid out for the kernels when it is first looked at.</summary>
/// <param name="snapshot">The page.</param>
/// <param name="type">Its element type.</param>
/// <param name="lease">What keeps it readable, shared by the pages of one snapshot.</param>
internal sealed class PageSource(PageSnapshot snapshot, TensorType type, CountedLease lease)
{
    /// <summary>Writes the page as the kernels read it.</summary>
    public unsafe void LayOut(float* page, int heads, int capacity) => PlainRows.LayOut(snapshot, type, page, heads, capacity);

    /// <summary>The page's keys or values, as single-precision numbers in their plain layout.</summary>
    public byte[] ToPlain(bool values)
    {
        ReadOnlyMemory<byte> half = values ? snapshot.Values : snapshot.Keys;
        float[] plain = new float[half.Length / CheckpointTensor.SizeOf(type)];
        ElementConversion.Widen(half.Span, type, plain);
        return MemoryMarshal.AsBytes<float>(plain).ToArray();
    }

    /// <summary>The page is not needed any more.</summary>
    public void Release() => lease.Release();
}
