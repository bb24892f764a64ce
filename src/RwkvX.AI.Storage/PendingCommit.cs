using System.Runtime.ExceptionServices;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Storage;

/// <summary>Changes of one caller that wait for the next transaction.</summary>
internal sealed class PendingCommit(IReadOnlyList<IndexChange> changes)
{
    private ExceptionDispatchInfo? _error;

    public IReadOnlyList<IndexChange> Changes => changes;

    public bool IsDone { get; private set; }

    public void Complete(Exception? error)
    {
        _error = error is null ? null : ExceptionDispatchInfo.Capture(error);
        IsDone = true;
    }

    public void ThrowIfFailed() => _error?.Throw();
}
