using System.Runtime.InteropServices;
using RwkvX.AI.Models;

namespace RwkvX.AI.Testing;

/// <summary>A state of <see cref="ScriptedModel"/>: the tokens themselves.</summary>
public sealed class ScriptedState : RwkvXState
{
    private readonly List<int> _history;
    private bool _isBroken;
    private int _isDisposed;

    internal ScriptedState(ScriptedModel model, List<int> history) => (Model, _history) = (model, history);

    /// <summary>The tokens consumed.</summary>
    public ReadOnlySpan<int> History => CollectionsMarshal.AsSpan(_history);

    /// <inheritdoc/>
    public override long TokenCount => _history.Count;

    /// <inheritdoc/>
    public override bool IsValid => !_isBroken && _isDisposed == 0;

    /// <inheritdoc/>
    public override long RecurrentBytes => Model.RecurrentBytes;

    /// <inheritdoc/>
    public override long PageBytes => Model.BytesPerPage * ((_history.Count + Model.Config.MobaChunkSize - 1) / Model.Config.MobaChunkSize);

    /// <summary>The model that made the state.</summary>
    internal ScriptedModel Model { get; }

    /// <inheritdoc/>
    public override RwkvXState Fork()
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        return _isBroken ? throw new InvalidOperationException("the state is not valid") : Model.NewState([.. _history]);
    }

    internal void Consume(int token) => _history.Add(token);

    internal void Break() => _isBroken = true;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Model.Forget();
        }
    }
}
