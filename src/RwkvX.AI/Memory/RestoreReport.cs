namespace RwkvX.AI.Memory;

/// <summary>What it took to have a conversation's state at hand.</summary>
/// <param name="From">Where it was found.</param>
/// <param name="ReplayedTokens">Tokens that had to be run again.</param>
/// <param name="Elapsed">How long it took, a wait for another writer not counted.</param>
public readonly record struct RestoreReport(RestoredFrom From, long ReplayedTokens, TimeSpan Elapsed);
