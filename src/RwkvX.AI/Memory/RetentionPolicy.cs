using System.Globalization;

namespace RwkvX.AI.Memory;

/// <summary>What becomes of a conversation's pages of keys and values as it grows.</summary>
/// <remarks>In a configuration: <c>keep-all</c>, or <c>keep-budget:BYTES</c>.</remarks>
public sealed record RetentionPolicy
{
    private const string All = "keep-all", Budget = "keep-budget";

    private RetentionPolicy(long? pageBytes) => PageBytes = pageBytes;

    /// <summary>Nothing is ever dropped; pages move between tiers.</summary>
    public static RetentionPolicy KeepAll { get; } = new((long?)null);

    /// <summary>Bytes that a conversation's full pages may have, wherever they lie; null = any number.</summary>
    public long? PageBytes { get; }

    /// <summary><c>keep-all</c> or <c>keep-budget</c>.</summary>
    public string Name => PageBytes is null ? All : Budget;

    /// <summary>
    /// After each turn, and while a document is read, a conversation drops its least used full pages until the rest fits. What was dropped is written to its
    /// log, counted in its statistics and in the metadata of the answer, and never chosen again; the recurrent state and the transcript still have it.
    /// </summary>
    /// <param name="bytes">Bytes of pages as the engine holds them, for each conversation. The newest pages, a quarter of them, are dropped last.</param>
    public static RetentionPolicy KeepBudget(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new RetentionPolicy(bytes);
    }

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="FormatException">It is neither form.</exception>
    public static RetentionPolicy Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == All) return KeepAll;
        string[] parts = text.Split(':');
        return parts is [Budget, { } bytes] && long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out long budget)
            ? KeepBudget(budget)
            : throw new FormatException($"expected {All} or {Budget}:BYTES, found '{text}'");
    }

    /// <inheritdoc/>
    public override string ToString() => PageBytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{Budget}:{bytes}") : All;
}
