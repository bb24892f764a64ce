using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>What the index knows of a stored state.</summary>
internal sealed record SnapshotRow
{
    public required Guid Id { get; init; }

    /// <summary>The conversation that stored it.</summary>
    public required Guid Conversation { get; init; }

    /// <summary>Records before the place it was taken at.</summary>
    public required long Record { get; init; }

    /// <summary>(32) the chain there: binds the state to exactly these records.</summary>
    public required byte[] Chain { get; init; }

    public required long Tokens { get; init; }

    public required RwkvXConfig Config { get; init; }

    public required TensorType PageType { get; init; }

    /// <summary>(M) where each sparse layer's full pages lie, in order.</summary>
    public required PageRun[][] Pages { get; init; }

    /// <summary>Bytes of the state file.</summary>
    public long Bytes { get; init; }

    public IEnumerable<Guid> PageFiles => Pages.SelectMany(runs => runs).Where(run => !run.IsDropped).Select(run => run.File).Distinct();
}
