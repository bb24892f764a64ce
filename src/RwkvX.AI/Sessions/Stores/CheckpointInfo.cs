namespace RwkvX.AI.Sessions.Stores;

/// <summary>A labelled place of a conversation.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Position">The place.</param>
public sealed record CheckpointInfo(string Label, LogPosition Position);
