using System.Buffers.Binary;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Applies the cipher, where there is one, to a part of a file; the part's file and number are what it is bound to.</summary>
internal static class BlobSeal
{
    /// <summary>A frame's flag: its payload is encrypted.</summary>
    public const byte SealedFlag = 4;

    public static byte Flag(IBlobCipher? cipher) => cipher is null ? (byte)0 : SealedFlag;

    public static ReadOnlySpan<byte> Seal(IBlobCipher? cipher, ReadOnlySpan<byte> plain, Guid file, long part)
    {
        if (cipher is null) return plain;
        byte[] bytes = new byte[plain.Length + cipher.Overhead];
        Span<byte> context = stackalloc byte[24];
        WriteContext(context, file, part);
        cipher.Encrypt(plain, context, bytes);
        return bytes;
    }

    public static ReadOnlySpan<byte> Open(IBlobCipher? cipher, byte flags, ReadOnlySpan<byte> stored, Guid file, long part, string where)
    {
        if ((flags & SealedFlag) == 0) return stored;
        // Not damage: the bytes are those that were written, and must not be given up as lost because of a wrong key.
        if (cipher is null) throw new StateStoreException($"{where}: encryption: expected a store opened with its cipher, found none");
        if (stored.Length < cipher.Overhead) throw new StateCorruptException(where, "encrypted part", $"at least {cipher.Overhead} bytes", stored.Length);
        byte[] plain = new byte[stored.Length - cipher.Overhead];
        Span<byte> context = stackalloc byte[24];
        WriteContext(context, file, part);
        if (!cipher.TryDecrypt(stored, context, plain))
            throw new StateStoreException($"{where}: encrypted part: expected bytes of this key and place, found others");
        return plain;
    }

    private static void WriteContext(Span<byte> context, Guid file, long part)
    {
        file.TryWriteBytes(context);
        BinaryPrimitives.WriteInt64LittleEndian(context[16..], part);
    }
}
