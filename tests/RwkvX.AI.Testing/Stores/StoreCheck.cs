using RwkvX.AI.Sessions.Stores;
using Xunit;

namespace RwkvX.AI.Testing.Stores;

/// <summary>Compares a store with what should be in it.</summary>
public static class StoreCheck
{
    /// <summary>All conversations of a tenant, and nothing else, are as their twins.</summary>
    public static async Task EqualsTwins(IStateStore store, string tenant, IReadOnlyDictionary<string, StoreTwin> twins)
    {
        IReadOnlyList<ConversationInfo> listed = await store.ListAsync(tenant);
        Assert.Equal(twins.Keys.Order(StringComparer.Ordinal), listed.Select(info => info.Key.Name));
        foreach ((string name, StoreTwin twin) in twins) await EqualsTwin(store, new ConversationKey(tenant, name), twin);
    }

    /// <summary>One conversation's records, labels and state are as its twin's.</summary>
    public static async Task EqualsTwin(IStateStore store, ConversationKey key, StoreTwin twin)
    {
        Assert.Equal(twin.Records, await store.ReadAsync(key));
        ConversationStats stats = await store.StatAsync(key);
        Assert.Equal(twin.Tokens, stats.Info.Head.Tokens);
        Assert.Equal(twin.Labels.Order(StringComparer.Ordinal), stats.Checkpoints.Select(checkpoint => checkpoint.Label).Order(StringComparer.Ordinal));
        Assert.Equal(twin.Records.Count(record => record is TurnRecord), stats.Info.Turns);
        using StoredState opened = await store.OpenAsync(key, ToyEngine.Binding);
        Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, twin.Records), ToyEngine.Restore(opened)), $"{key}: the restored state differs from the uninterrupted one");
    }

    /// <summary>True where a conversation is as its twin.</summary>
    public static async Task<bool> IsTwin(IStateStore store, ConversationKey key, StoreTwin? twin)
    {
        try
        {
            IReadOnlyList<LogRecord> records = await store.ReadAsync(key);
            if (twin is null || !records.SequenceEqual(twin.Records)) return false;
        }
        catch (ConversationNotFoundException)
        {
            return twin is null;
        }

        using StoredState opened = await store.OpenAsync(key, ToyEngine.Binding);
        return ToyEngine.AreEqual(ToyEngine.Replay(null, twin!.Records), ToyEngine.Restore(opened));
    }
}
