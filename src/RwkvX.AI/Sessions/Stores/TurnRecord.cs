namespace RwkvX.AI.Sessions.Stores;

/// <summary>Marks that a turn is complete.</summary>
public sealed record TurnRecord : LogRecord;
