using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>Pages that the conversation does without from here on: whoever replays the log drops them at this place too.</summary>
/// <param name="Pages">At least one, by layer and chunk, none twice.</param>
/// <param name="Bytes">Bytes that they had in the engine.</param>
/// <param name="Budget">Bytes of pages that the retention policy allowed.</param>
public sealed record DropRecord(IReadOnlyList<PageId> Pages, long Bytes, long Budget) : LogRecord
{
    /// <inheritdoc/>
    public bool Equals(DropRecord? other) => other is not null && Bytes == other.Bytes && Budget == other.Budget && Pages.SequenceEqual(other.Pages);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Pages.Count, Bytes, Budget);

    /// <summary>Drops them.</summary>
    /// <param name="state">A state that has consumed what lies before this record.</param>
    /// <exception cref="StateCorruptException">The state has no such pages.</exception>
    internal void Apply(RwkvXState state)
    {
        try
        {
            state.DropPages(Pages);
        }
        catch (ArgumentException e)
        {
            throw new StateCorruptException(new StoreProblem("log", "dropped pages", $"full pages of a state after {state.TokenCount} tokens", e.Message), e);
        }
    }

    internal void Validate(string parameter)
    {
        if (Pages.Count == 0) throw new ArgumentException("pages: expected at least one, found none", parameter);
        if (Bytes < 0 || Budget < 0) throw new ArgumentException($"bytes and budget: expected 0 and above, found {Bytes} and {Budget}", parameter);
        for (int i = 0; i < Pages.Count; i++)
        {
            if (Pages[i].Layer < 0 || Pages[i].Chunk < 0 || (i > 0 && !IsAfter(Pages[i], Pages[i - 1])))
                throw new ArgumentException($"pages: expected layers and chunks of 0 and above, ascending, found {Pages[i]} at {i}", parameter);
        }
    }

    internal static bool IsAfter(PageId page, PageId before) => page.Layer > before.Layer || (page.Layer == before.Layer && page.Chunk > before.Chunk);
}
