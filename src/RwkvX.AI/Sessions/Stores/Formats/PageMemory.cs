using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>A page's keys or values where they lie in the store, checked at first use and readable until the lease ends.</summary>
internal sealed unsafe class PageMemory(PageFile file, int slot, bool values, StateLease lease) : MemoryManager<byte>
{
    public PageFile File => file;

    public int Slot => slot;

    public override Memory<byte> Memory => CreateMemory(file.HalfBytes);

    public override Span<byte> GetSpan()
    {
        lease.ThrowIfDisposed();
        ReadOnlySpan<byte> page = file.Read(slot);
        int half = file.HalfBytes;
        ReadOnlySpan<byte> part = values ? page[half..] : page[..half];
        // Handed out as ReadOnlyMemory alone: nobody gets at a writable view.
        return MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(part), part.Length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        Span<byte> span = GetSpan()[elementIndex..];
        if (file.IsNative) return new MemoryHandle(Unsafe.AsPointer(ref MemoryMarshal.GetReference(span)));
        byte[] copy = span.ToArray(); // moved by the collector otherwise; the content never changes
        GCHandle handle = GCHandle.Alloc(copy, GCHandleType.Pinned);
        return new MemoryHandle((void*)handle.AddrOfPinnedObject(), handle);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
