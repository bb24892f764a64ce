using System.Text;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>What a conversation is found by. Nothing of one tenant is seen under another's keys, unless it was shared.</summary>
/// <param name="Tenant">Whose it is; compared ordinally, not empty.</param>
/// <param name="Name">Its name within the tenant; compared ordinally, not empty.</param>
public readonly record struct ConversationKey(string Tenant, string Name)
{
    /// <summary>The longest tenant or name, in bytes of UTF-8.</summary>
    public const int MaxBytes = 512;

    /// <inheritdoc/>
    public override string ToString() => $"{Tenant}/{Name}";

    internal void Validate(string parameter)
    {
        ValidatePart(Tenant, "tenant", parameter);
        ValidatePart(Name, "name", parameter);
    }

    internal static void ValidatePart(string? part, string what, string parameter)
    {
        if (string.IsNullOrEmpty(part)) throw new ArgumentException($"{what}: expected a text, found none", parameter);
        int bytes;
        try { bytes = Strict.GetByteCount(part); }
        catch (EncoderFallbackException) { throw new ArgumentException($"{what}: expected valid UTF-16, found a lone surrogate", parameter); }
        if (bytes > MaxBytes) throw new ArgumentException($"{what}: expected at most {MaxBytes} bytes of UTF-8, found {bytes}", parameter);
    }

    /// <summary>Refuses what has no UTF-8 form, so that two texts never share one.</summary>
    internal static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
