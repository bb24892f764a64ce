using System.Buffers;
using System.Runtime.InteropServices;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>The keys or the values of a full page of an exported state, copied out of it when they are read.</summary>
/// <param name="page">The page.</param>
/// <param name="values">Its values; else its keys.</param>
/// <param name="bytes">Their size.</param>
/// <param name="lease">What keeps the page.</param>
internal sealed class ExportedHalf(Page page, bool values, int bytes, ExportedPages lease) : MemoryManager<byte>
{
    private readonly WeakReference<byte[]> _copy = new(null!); // what is read twice in a row is copied once

    public override Memory<byte> Memory => CreateMemory(bytes);

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(!lease.IsHeld, typeof(StateSnapshot));
        if (!_copy.TryGetTarget(out byte[]? copy))
        {
            copy = page.ToPlain(values);
            _copy.SetTarget(copy);
        }

        return copy;
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        _ = GetSpan();
        _ = _copy.TryGetTarget(out byte[]? copy);
        GCHandle handle = GCHandle.Alloc(copy ??= page.ToPlain(values), GCHandleType.Pinned);
        unsafe
        {
            return new MemoryHandle((byte*)handle.AddrOfPinnedObject() + elementIndex, handle);
        }
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
