namespace RwkvX.AI.Sessions.Stores;

/// <summary>What a collection did.</summary>
/// <param name="Expired">Conversations deleted because their time was over.</param>
/// <param name="BytesRemoved">Bytes removed, those of unreferenced files included.</param>
public sealed record CollectResult(int Expired, long BytesRemoved);
