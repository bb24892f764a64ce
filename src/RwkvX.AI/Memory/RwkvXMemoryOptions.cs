using Microsoft.Extensions.Logging;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>How a memory behaves.</summary>
public sealed class RwkvXMemoryOptions
{
    /// <summary>How messages and documents are written down; null for the World form.</summary>
    public IPromptTemplate? Template { get; init; }

    /// <summary>
    /// Bytes of states that stay with the engine between uses; null = an eighth of the memory that the process may use, or a quarter of what a device
    /// has for states. Beyond it, the least recently used go to <see cref="HostBytes"/>, or are rebuilt from the store.
    /// </summary>
    public long? ResidentBytes { get; init; }

    /// <summary>
    /// Bytes of main memory for states that had to leave the engine; null = an eighth of the memory that the process may use where states lie on a
    /// device (<see cref="EngineInfo.DeviceStateBytes"/>), none where they are in main memory already. Beyond it, the least recently used are rebuilt
    /// from the store.
    /// </summary>
    public long? HostBytes { get; init; }

    /// <summary>What happens where a conversation has a writer already.</summary>
    public LeaseMode Writers { get; init; } = LeaseMode.Wait;

    /// <summary>A state is stored once this many tokens were logged since the last one: reopening replays fewer than these. At least 1.</summary>
    public int SnapshotTokens { get; init; } = 128;

    /// <summary>What becomes of a conversation's pages as it grows. A budget needs an engine that can drop pages (<see cref="EngineInfo.CanDropPages"/>).</summary>
    public RetentionPolicy Retention { get; init; } = RetentionPolicy.KeepAll;

    /// <summary>Where what is not an error of a call is logged; null = nowhere.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>How long reading may keep the engine from others.</summary>
    internal PassLimits Limits { get; init; } = PassLimits.Default;

    private static long EighthOfMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8;

    internal long EffectiveResidentBytes(EngineInfo engine) => ResidentBytes ?? engine.DeviceStateBytes / 4 ?? EighthOfMemory;

    internal long EffectiveHostBytes(EngineInfo engine) => HostBytes ?? (engine.DeviceStateBytes is null ? 0 : EighthOfMemory);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ResidentBytes ?? 0, nameof(ResidentBytes));
        ArgumentOutOfRangeException.ThrowIfNegative(HostBytes ?? 0, nameof(HostBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(SnapshotTokens, 1);
        ArgumentNullException.ThrowIfNull(Retention);
        if (Writers is not (LeaseMode.Wait or LeaseMode.FailFast)) throw new ArgumentOutOfRangeException(nameof(Writers), Writers, "expected Wait or FailFast");
    }
}
