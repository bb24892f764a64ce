namespace RwkvX.AI.Sessions.Stores;

/// <summary>Consecutive records of one log that lie on the way to a place.</summary>
/// <param name="Log">The log.</param>
/// <param name="From">The first record.</param>
/// <param name="To">After the last record.</param>
internal readonly record struct LogRange(Conversation Log, long From, long To);
