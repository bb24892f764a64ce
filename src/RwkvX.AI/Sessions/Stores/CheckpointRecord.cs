namespace RwkvX.AI.Sessions.Stores;

/// <summary>Labels the place after itself. A label used again means its latest place on the way to the head.</summary>
/// <param name="Label">Not empty, at most <see cref="ConversationKey.MaxBytes"/> bytes of UTF-8.</param>
public sealed record CheckpointRecord(string Label) : LogRecord;
