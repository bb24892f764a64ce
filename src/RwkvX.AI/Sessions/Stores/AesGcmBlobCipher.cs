using System.Security.Cryptography;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>AES-256-GCM with a random 96-bit nonce per blob: nonce, tag, ciphertext.</summary>
/// <remarks>Random nonces are safe for 2³² blobs under one key (NIST SP 800-38D, 8.3).</remarks>
public sealed class AesGcmBlobCipher : IBlobCipher
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly byte[] _key;

    /// <summary>Creates the cipher.</summary>
    /// <param name="key">32 bytes; copied.</param>
    public AesGcmBlobCipher(ReadOnlySpan<byte> key)
    {
        if (key.Length != 32) throw new ArgumentException($"key: expected 32 bytes, found {key.Length}", nameof(key));
        _key = key.ToArray();
    }

    /// <inheritdoc/>
    public int Overhead => NonceBytes + TagBytes;

    /// <inheritdoc/>
    public void Encrypt(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, Span<byte> sealedBytes)
    {
        Span<byte> nonce = sealedBytes[..NonceBytes];
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(_key, TagBytes);
        aes.Encrypt(nonce, plain, sealedBytes[Overhead..], sealedBytes.Slice(NonceBytes, TagBytes), context);
    }

    /// <inheritdoc/>
    public bool TryDecrypt(ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> context, Span<byte> plain)
    {
        if (sealedBytes.Length < Overhead) return false;
        using AesGcm aes = new(_key, TagBytes);
        try
        {
            aes.Decrypt(sealedBytes[..NonceBytes], sealedBytes[Overhead..], sealedBytes.Slice(NonceBytes, TagBytes), plain, context);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
