namespace RwkvX.AI.Sessions.Stores;

/// <summary>What a piece of a transcript is.</summary>
public enum TranscriptKind
{
    /// <summary>A message of a turn.</summary>
    Message,

    /// <summary>A document that was read.</summary>
    Document,
}
