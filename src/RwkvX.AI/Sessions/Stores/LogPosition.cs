namespace RwkvX.AI.Sessions.Stores;

/// <summary>A place in a conversation's log: after how many records, and how many tokens had been consumed there.</summary>
/// <param name="Record">Records logged before this place, those of the conversation it was forked from included.</param>
/// <param name="Tokens">Tokens that a state at this place has consumed.</param>
public readonly record struct LogPosition(long Record, long Tokens);
