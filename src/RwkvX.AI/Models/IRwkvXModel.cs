namespace RwkvX.AI.Models;

/// <summary>The one engine seam: a loaded model that runs tokens over states.</summary>
/// <remarks>
/// Every way to feed the same tokens computes the same function: any split into calls, any batch, a forked state or a restored
/// one; up to the rounding of the engine's arithmetic. All members may be called from any thread; forward passes run one at a
/// time, in the order of arrival. Disposing the model while a pass runs waits for it; states stay disposable afterwards.
/// </remarks>
public interface IRwkvXModel : IDisposable
{
    /// <summary>The model's sizes.</summary>
    RwkvXConfig Config { get; }

    /// <summary>Which engine this is and how it calculates.</summary>
    EngineInfo Engine { get; }

    /// <summary>A hash of the weights and sizes, the same in every engine and precision: what a stored state is a state of. The first use computes it.</summary>
    string ModelHash { get; }

    /// <summary>An empty state: no token consumed.</summary>
    RwkvXState CreateState();

    /// <summary>Runs each item's tokens over its state and writes the logits asked for.</summary>
    /// <param name="batch">At least one item.</param>
    /// <param name="cancellationToken">Acts between blocks of tokens; the states of the batch are then no longer valid.</param>
    /// <exception cref="ArgumentException">An item is empty, has a token outside [0, V), logits of another length than 0, V or T·V, a state of another model, or a state that another item has too. Checked before anything runs: the states are as before.</exception>
    /// <exception cref="InvalidOperationException">A state is not valid.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; fork a state first to be able to go back.</exception>
    void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default);

    /// <summary>A state as it is now, in a form that no engine owns: for files, for other engines. What becomes of the state afterwards does not show in it.</summary>
    /// <remarks>An engine may copy the keys and values of full pages when they are first read; <see cref="StateSnapshot.Lease"/> keeps them until then.</remarks>
    StateSnapshot Export(RwkvXState state);

    /// <summary>A state from a snapshot.</summary>
    /// <remarks>
    /// An engine may take the pages of a snapshot that has a <see cref="StateSnapshot.Lease"/> when they are first looked at; it shares the lease
    /// until then. A page that turns out to be damaged fails the <see cref="Forward"/> that looks at it.
    /// </remarks>
    /// <exception cref="ArgumentException">The snapshot is of a model of other sizes.</exception>
    RwkvXState Import(StateSnapshot snapshot);
}
