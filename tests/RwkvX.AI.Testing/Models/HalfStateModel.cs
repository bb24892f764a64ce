using RwkvX.AI.Models;

namespace RwkvX.AI.Testing.Models;

/// <summary>An engine whose matrices of states go through f16 after each pass and on import: what an engine that keeps them so must calculate, up to the rounding of its arithmetic.</summary>
/// <param name="engine">Calculates; disposed with this.</param>
public sealed class HalfStateModel(IRwkvXModel engine) : IRwkvXModel
{
    /// <inheritdoc/>
    public RwkvXConfig Config => engine.Config;

    /// <inheritdoc/>
    public EngineInfo Engine { get; } = engine.Engine with { StatePrecision = Precision.F16 };

    /// <inheritdoc/>
    public string ModelHash => engine.ModelHash;

    /// <summary>The nearest half, a tie to even; beyond the finite range its end.</summary>
    public static float Round(float f) => (float)(Half)Math.Clamp(f, -65504f, 65504f);

    /// <inheritdoc/>
    public RwkvXState CreateState() => new State(engine.CreateState());

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default)
    {
        engine.Forward([.. batch.ToArray().Select(item => new ForwardItem(((State)item.State).Inner, item.Tokens, item.Logits))], cancellationToken);
        foreach (ForwardItem item in batch)
        {
            State state = (State)item.State;
            RwkvXState exact = state.Inner;
            StateSnapshot snapshot = engine.Export(exact);
            state.Inner = Rounded(snapshot);
            snapshot.Lease?.Dispose(); // of pages that would otherwise stay until the garbage collector comes by
            exact.Dispose();
        }
    }

    /// <inheritdoc/>
    public StateSnapshot Export(RwkvXState state) => engine.Export(((State)state).Inner);

    /// <inheritdoc/>
    public RwkvXState Import(StateSnapshot snapshot) => new State(Rounded(snapshot));

    /// <inheritdoc/>
    public void Dispose() => engine.Dispose();

    private RwkvXState Rounded(StateSnapshot snapshot) => engine.Import(new StateSnapshot
    {
        Config = snapshot.Config,
        TokenCount = snapshot.TokenCount,
        RwkvLayers = [.. snapshot.RwkvLayers.Select(layer => layer with { Wkv = Array.ConvertAll(layer.Wkv, Round) })],
        SparseLayers = snapshot.SparseLayers,
        PageType = snapshot.PageType,
        Lease = snapshot.Lease,
    });

    private sealed class State(RwkvXState inner) : RwkvXState
    {
        public RwkvXState Inner { get; set; } = inner;

        public override long TokenCount => Inner.TokenCount;

        public override bool IsValid => Inner.IsValid;

        public override long RecurrentBytes => Inner.RecurrentBytes;

        public override long PageBytes => Inner.PageBytes;

        public override RwkvXState Fork() => new State(Inner.Fork());

        protected override void Dispose(bool disposing) => Inner.Dispose();
    }
}
