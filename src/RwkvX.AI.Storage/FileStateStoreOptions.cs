using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Storage;

/// <summary>Where a file store lies and how it behaves.</summary>
public sealed class FileStateStoreOptions : StateStoreOptions
{
    /// <summary>The store's folder; made where it is missing.</summary>
    public required string Root { get; init; }

    /// <summary>Overwrites a file's bytes before removing it, unless somebody reads it just then. Copy-on-write disks keep the old bytes all the same.</summary>
    public bool OverwriteRemoved { get; init; } = true;
}
