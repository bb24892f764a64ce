namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>One change of the index.</summary>
internal abstract record IndexChange;

/// <summary>A conversation is new or changed.</summary>
/// <param name="Row">What it is now.</param>
/// <param name="HeadChanged">False where only its extent or its deletion mark changed.</param>
internal sealed record PutConversation(ConversationRow Row, bool HeadChanged) : IndexChange;

/// <summary>A conversation is gone.</summary>
internal sealed record RemoveConversation(Guid Id) : IndexChange;

/// <summary>A state is stored.</summary>
internal sealed record PutSnapshot(SnapshotRow Row) : IndexChange;

/// <summary>A stored state is gone.</summary>
internal sealed record RemoveSnapshot(Guid Id) : IndexChange;
