namespace RwkvX.AI.Models;

/// <summary>What a model remembers of one sequence: the recurrent state of every RWKV layer, and the pages of keys and values of every sparse layer.</summary>
/// <remarks>
/// Made by <see cref="IRwkvXModel.CreateState"/> and advanced in place by <see cref="IRwkvXModel.Forward"/>.
/// A state is used by one thread at a time; forks of it are independent of each other.
/// </remarks>
public abstract class RwkvXState : IDisposable
{
    /// <summary>How many tokens the state has consumed.</summary>
    public abstract long TokenCount { get; }

    /// <summary>False after a <see cref="IRwkvXModel.Forward"/> over this state was cancelled or failed: it can then only be disposed.</summary>
    public abstract bool IsValid { get; }

    /// <summary>Bytes of the parts that every fork has of its own (recurrent states, token-shift vectors).</summary>
    public abstract long RecurrentBytes { get; }

    /// <summary>Bytes of the pages of keys, values and chunk means that the state refers to, shared ones included.</summary>
    public abstract long PageBytes { get; }

    /// <summary>Where the pages lie and which of them were looked at; empty where an engine does not tell.</summary>
    public virtual PageUsage GetPageUsage() => new([]);

    /// <summary>How many pages were dropped.</summary>
    public virtual int DroppedPages => 0;

    /// <summary>Lets go of full pages for good: from the next token on, no head chooses them. Forks and snapshots made before keep theirs.</summary>
    /// <param name="pages">Which; one that was dropped before is passed over.</param>
    /// <exception cref="NotSupportedException">The engine keeps all pages: <see cref="EngineInfo.CanDropPages"/>.</exception>
    /// <exception cref="ArgumentException">There is no such page, or it is not full. None was dropped.</exception>
    /// <exception cref="InvalidOperationException">The state is not <see cref="IsValid"/>.</exception>
    public virtual void DropPages(IReadOnlyList<PageId> pages) => throw new NotSupportedException("This engine keeps all pages.");

    /// <summary>A second state with the same content. Copies the recurrent part only; pages are shared until one side writes.</summary>
    /// <exception cref="InvalidOperationException">The state is not <see cref="IsValid"/>.</exception>
    /// <exception cref="ObjectDisposedException">The state was disposed.</exception>
    public abstract RwkvXState Fork();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what the state holds.</summary>
    /// <param name="disposing">True from <see cref="Dispose()"/>, false from a finalizer.</param>
    protected abstract void Dispose(bool disposing);
}
