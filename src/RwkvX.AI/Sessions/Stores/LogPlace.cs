namespace RwkvX.AI.Sessions.Stores;

/// <summary>Names a history: everything that was logged on the way to a record. Equal places have equal histories, and so equal states.</summary>
/// <remarks>
/// A fork is at the place of what it was forked from until something is appended to it, and a rewound conversation at the place it went
/// back to. A place is never used for another history, unless <see cref="IStateStore.RecoverAsync"/> gave records up.
/// </remarks>
/// <param name="Log">The log that holds the last record on the way; empty at the beginning.</param>
/// <param name="Record">After how many records, those of the conversation it was forked from included.</param>
public readonly record struct LogPlace(Guid Log, long Record);
