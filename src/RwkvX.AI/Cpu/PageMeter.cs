using System.Diagnostics.Metrics;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>What pages do between the tiers of the CPU engine: bytes in each, moves down and up, and pages laid out from a store.</summary>
internal static class PageMeter
{
    private static readonly KeyValuePair<string, object?> Memory = new("tier", "memory"), Disk = new("tier", "disk"), Store = new("tier", "store");

    private static readonly UpDownCounter<long> Bytes =
        RwkvXMeter.Instance.CreateUpDownCounter<long>("rwkvx.pages.held", "By", "Bytes of pages of keys, values and chunk means, by the tier that they lie in.");

    private static readonly Counter<long> Evictions =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.pages.evictions", "{page}", "Pages that moved from memory to the page file because the budget was full.");

    private static readonly Counter<long> Returns =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.pages.returns", "{page}", "Pages that came into memory or were laid out again, by the tier that they came from.");

    private static readonly Counter<long> Hits =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.pages.hits", "{page}", "Pages that passes looked at where there is a budget, by the tier that they lay in.");

    /// <summary>More bytes in memory, or fewer.</summary>
    public static void InMemory(long bytes) => Bytes.Add(bytes, Memory);

    /// <summary>More bytes in the page file, or fewer.</summary>
    public static void OnDisk(long bytes) => Bytes.Add(bytes, Disk);

    /// <summary>A page moved from memory to the page file.</summary>
    public static void Evicted() => Evictions.Add(1);

    /// <summary>A page came back from the page file.</summary>
    public static void CameBack() => Returns.Add(1, Disk);

    /// <summary>A page was laid out from a store.</summary>
    public static void BroughtIn() => Returns.Add(1, Store);

    /// <summary>Pages of a pass.</summary>
    public static void Used(int inMemory, int onDisk)
    {
        if (inMemory > 0) Hits.Add(inMemory, Memory);
        if (onDisk > 0) Hits.Add(onDisk, Disk);
    }
}
