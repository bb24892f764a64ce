namespace RwkvX.AI.Models;

/// <summary>Where a page of keys and values lies.</summary>
public enum PageLocation
{
    /// <summary>In memory.</summary>
    Memory,

    /// <summary>In the memory of a device.</summary>
    Device,

    /// <summary>In the engine's page file on disk.</summary>
    Disk,

    /// <summary>In the store that the state was opened from; nothing has looked at it since.</summary>
    Store,

    /// <summary>Nowhere: it was dropped (<see cref="RwkvXState.DropPages"/>), and no token looks at it any more.</summary>
    Dropped,
}
