using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Testing.Reference;

/// <summary>The scalar reference behind the engine seam: what runs on an engine runs on the oracle too, a few thousand times slower.</summary>
public sealed class ReferenceModel(ScalarModel oracle) : IRwkvXModel
{
    /// <summary>The oracle of a model's tensors as stored.</summary>
    public static ReferenceModel Of(ModelFiles files)
    {
        Dictionary<string, float[]> values = [];
        foreach ((string name, CheckpointTensor tensor) in files.Checkpoint.Tensors)
        {
            float[] value = new float[tensor.ElementCount];
            tensor.CopyTo(value);
            values.Add(name, value);
        }

        return new ReferenceModel(new ScalarModel(ModelTensors.Read(files).Config, values));
    }

    /// <inheritdoc/>
    public RwkvXConfig Config => oracle.Config;

    /// <inheritdoc/>
    public EngineInfo Engine { get; } = new("reference", "cpu", Precision.F32, WeightBytes: 0, "scalar double precision");

    /// <inheritdoc/>
    public string ModelHash => "reference";

    /// <inheritdoc/>
    public RwkvXState CreateState() => new State(oracle.CreateState());

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default)
    {
        foreach (ForwardItem item in batch)
        {
            int V = Config.VocabSize, first = item.Tokens.Length - (item.Logits.Length / V);
            for (int t = 0; t < item.Tokens.Length; t++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                double[] logits = oracle.Step(((State)item.State).Scalar, item.Tokens.Span[t]);
                if (t >= first) Array.ConvertAll(logits, z => (float)z).CopyTo(item.Logits[((t - first) * V)..]);
            }
        }
    }

    /// <inheritdoc/>
    public StateSnapshot Export(RwkvXState state) => throw new NotSupportedException("The reference's states are read as they are.");

    /// <inheritdoc/>
    public RwkvXState Import(StateSnapshot snapshot) => throw new NotSupportedException("The reference's states are read as they are.");

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class State(ScalarState scalar) : RwkvXState
    {
        public ScalarState Scalar => scalar;

        public override long TokenCount => scalar.TokenCount;

        public override bool IsValid => true;

        public override long RecurrentBytes => 0;

        public override long PageBytes => 0;

        public override RwkvXState Fork() => new State(scalar.Fork());

        protected override void Dispose(bool disposing)
        {
        }
    }
}
