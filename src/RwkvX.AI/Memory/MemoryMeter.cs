using System.Diagnostics.Metrics;
using RwkvX.AI.Models;

namespace RwkvX.AI.Memory;

/// <summary>What the memory measures: where states are found, how long that takes, and what stays.</summary>
internal static class MemoryMeter
{
    /// <summary>The tier of states that stay with the engine.</summary>
    public static readonly KeyValuePair<string, object?> Memory = TierOf(RestoredFrom.Memory);

    /// <summary>The tier of states in main memory that had to leave a device.</summary>
    public static readonly KeyValuePair<string, object?> Host = TierOf(RestoredFrom.Host);

    /// <summary>States put at hand; tag <c>tier</c>: nothing, memory, host, store or log.</summary>
    public static readonly Counter<long> Restores =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.memory.restores", "{state}", "States put at hand, by the tier they were found in.");

    /// <summary>How long a state took to be at hand; tag <c>tier</c>.</summary>
    public static readonly Histogram<double> RestoreTime =
        RwkvXMeter.Instance.CreateHistogram<double>("rwkvx.memory.restore.duration", "s", "Time to put a state at hand.");

    /// <summary>Tokens run again because the nearest stored state lay before them.</summary>
    public static readonly Counter<long> ReplayedTokens =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.memory.replayed_tokens", "{token}", "Tokens run again to reach the place asked for.");

    /// <summary>States that gave way to others; tag <c>tier</c>, the one that they left: memory or host.</summary>
    public static readonly Counter<long> Evictions =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.memory.evictions", "{state}", "States let go of because the budget was full.");

    /// <summary>Bytes of the states that stay; tag <c>tier</c>: memory (with the engine) or host (in main memory beside a device).</summary>
    public static readonly UpDownCounter<long> ResidentBytes =
        RwkvXMeter.Instance.CreateUpDownCounter<long>("rwkvx.memory.resident", "By", "Bytes of states kept at hand, shared pages counted once in each tier.");

    /// <summary>States written to the store.</summary>
    public static readonly Counter<long> Snapshots =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.memory.snapshots", "{state}", "States written to the store.");

    /// <summary>Pages that retention policies dropped.</summary>
    public static readonly Counter<long> DroppedPages =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.memory.dropped_pages", "{page}", "Pages that were dropped because a conversation's budget was full.");

    /// <summary>Bytes that they had.</summary>
    public static readonly Counter<long> DroppedBytes =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.memory.dropped", "By", "Bytes of dropped pages.");

    /// <summary>Counts a state that left a tier.</summary>
    public static void Evicted(KeyValuePair<string, object?> tier) => Evictions.Add(1, tier);

    /// <summary>Counts bytes that came to a tier, or went.</summary>
    public static void Resident(KeyValuePair<string, object?> tier, long bytes) => ResidentBytes.Add(bytes, tier);

    /// <summary>Counts one restore.</summary>
    public static void Restored(RestoreReport report)
    {
        KeyValuePair<string, object?> tier = TierOf(report.From);
        Restores.Add(1, tier);
        RestoreTime.Record(report.Elapsed.TotalSeconds, tier);
        if (report.ReplayedTokens > 0) ReplayedTokens.Add(report.ReplayedTokens);
    }

    private static KeyValuePair<string, object?> TierOf(RestoredFrom tier) => new("tier", tier.ToString().ToLowerInvariant());
}
