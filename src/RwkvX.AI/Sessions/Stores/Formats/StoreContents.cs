namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>What a medium holds when a store is opened.</summary>
/// <param name="Conversations">The index's conversations.</param>
/// <param name="Snapshots">The index's stored states.</param>
/// <param name="Problems">What was found wrong and mended.</param>
/// <param name="KeepUnknownLogs">True where the index may have lost conversations: a log that it does not know is then not rubbish.</param>
internal sealed record StoreContents(
    IReadOnlyList<ConversationRow> Conversations, IReadOnlyList<SnapshotRow> Snapshots, IReadOnlyList<StoreProblem> Problems, bool KeepUnknownLogs);
