namespace RwkvX.AI.Sessions.Stores;

/// <summary>Encrypts what a store writes. Thread-safe.</summary>
public interface IBlobCipher
{
    /// <summary>Bytes that <see cref="Encrypt"/> adds.</summary>
    int Overhead { get; }

    /// <summary>Encrypts.</summary>
    /// <param name="plain">What to hide.</param>
    /// <param name="context">What it belongs to; decryption under another context must fail, so that pieces cannot be swapped.</param>
    /// <param name="sealedBytes">Receives plain.Length + <see cref="Overhead"/> bytes.</param>
    void Encrypt(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, Span<byte> sealedBytes);

    /// <summary>Decrypts and authenticates.</summary>
    /// <param name="sealedBytes">What <see cref="Encrypt"/> made.</param>
    /// <param name="context">The same as then.</param>
    /// <param name="plain">Receives sealedBytes.Length − <see cref="Overhead"/> bytes.</param>
    /// <returns>False where the key, the context or the bytes are not those of then.</returns>
    bool TryDecrypt(ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> context, Span<byte> plain);
}
