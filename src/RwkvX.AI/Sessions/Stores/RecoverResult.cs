namespace RwkvX.AI.Sessions.Stores;

/// <summary>What was given up to make a damaged conversation usable again.</summary>
/// <param name="Acknowledged">Where it had stood.</param>
/// <param name="Recovered">Where it stands now: its last whole append.</param>
public sealed record RecoverResult(LogPosition Acknowledged, LogPosition Recovered);
