namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Bytes in memory.</summary>
internal sealed class MemoryBlob(byte[] bytes) : Blob
{
    public override long Length => bytes.Length;

    public override bool IsNative => false;

    public override ReadOnlySpan<byte> Slice(long offset, int length) => bytes.AsSpan(checked((int)offset), length);

    protected override void Free()
    {
    }
}
