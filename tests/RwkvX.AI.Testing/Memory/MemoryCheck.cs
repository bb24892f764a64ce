using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using Xunit;

namespace RwkvX.AI.Testing.Memory;

/// <summary>Compares a conversation with its twin, and its state with its log.</summary>
public static class MemoryCheck
{
    /// <summary>Whether a conversation holds what its twin does; a null twin stands for none. A state that contradicts the log fails at once.</summary>
    public static async Task<bool> IsTwin(MemoryHarness harness, ConversationKey key, MemoryTwin? twin)
    {
        IReadOnlyList<TranscriptEntry> transcript;
        try
        {
            transcript = await harness.Memory.TranscriptAsync(key);
        }
        catch (ConversationNotFoundException)
        {
            return twin is null;
        }

        bool same = twin is not null && transcript.Count == twin.Texts.Count
            && transcript.Zip(twin.Texts).All(pair => pair.Second is null || pair.First.Text == pair.Second);
        if (same) await StateIsOfItsLog(harness, key);
        return same;
    }

    /// <summary>The state has consumed the tokens of the log, no more, no others, in their order.</summary>
    public static async Task StateIsOfItsLog(MemoryHarness harness, ConversationKey key)
    {
        int[] logged = [.. (await harness.Store.ReadAsync(key)).OfType<TokensRecord>().SelectMany(record => record.Tokens.ToArray())];
        Assert.Equal(logged, await harness.HistoryAsync(key));
    }
}
