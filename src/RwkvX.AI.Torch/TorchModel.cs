using RwkvX.AI.Models;
using RwkvX.AI.Torch.Eager;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch;

/// <summary>The model in plain operations of libtorch on the CPU: slow and readable, a second opinion on the other engines.</summary>
/// <remarks>Sequences of a batch run one after the other; matrices and pages have the precision asked for, all else is single precision.</remarks>
public sealed class TorchModel : IRwkvXModel
{
    private const int BlockRows = 256;

    private readonly Lock _gate = new();
    private readonly TorchWeights _weights;
    private readonly Lazy<string> _hash;
    private bool _disposed;

    private TorchModel(ModelTensors tensors, ScalarType type, Precision precision)
    {
        _hash = new Lazy<string>(tensors.ComputeHash); // reads every weight, so not before somebody asks
        using IDisposable grad = no_grad();
        _weights = new TorchWeights(tensors, type);
        Engine = new EngineInfo("torch", "cpu", precision, _weights.StepBytes, $"libtorch {__version__}, {get_num_threads()} threads");
    }

    /// <inheritdoc/>
    public RwkvXConfig Config => _weights.Config;

    /// <inheritdoc/>
    public EngineInfo Engine { get; }

    /// <inheritdoc/>
    public string ModelHash => _hash.Value;

    /// <summary>Copies a model's weights into libtorch.</summary>
    /// <param name="tensors">The weights; after the call only <see cref="ModelHash"/> needs them.</param>
    /// <param name="precision">F32 or BF16.</param>
    /// <param name="libTorchPath">As in <see cref="LibTorch"/>.</param>
    /// <exception cref="LibTorchException">libtorch does not load.</exception>
    /// <exception cref="ArgumentException">The precision is another.</exception>
    public static TorchModel Load(ModelTensors tensors, Precision precision = Precision.F32, string? libTorchPath = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ScalarType type = precision switch
        {
            Precision.F32 => ScalarType.Float32,
            Precision.BF16 => ScalarType.BFloat16,
            _ => throw new ArgumentException($"expected F32 or BF16 on CPU libtorch, got {precision}", nameof(precision)),
        };
        LibTorch.Load(libTorchPath);
        return new TorchModel(tensors, type, precision);
    }

    /// <inheritdoc/>
    public RwkvXState CreateState() => new TorchState(this);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default)
    {
        ForwardItem[] items = batch.ToArray();
        ForwardItems.Check(items, Config, state => Own(state).ThrowIfUnusable());
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            cancellationToken.ThrowIfCancellationRequested();
            using IDisposable grad = no_grad();
            try
            {
                foreach (ForwardItem item in items)
                    Run(item, cancellationToken);
            }
            catch
            {
                foreach (ForwardItem item in items)
                    ((TorchState)item.State).IsBroken = true;
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public StateSnapshot Export(RwkvXState state)
    {
        TorchState own = Own(state);
        lock (_gate)
        {
            own.ThrowIfUnusable();
            using DisposeScope scope = NewDisposeScope();
            return TorchStateExchange.Export(own, _weights.Type);
        }
    }

    /// <inheritdoc/>
    public RwkvXState Import(StateSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        using DisposeScope scope = NewDisposeScope();
        return TorchStateExchange.Import(snapshot, this, _weights.Type);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _weights.Dispose();
        }
    }

    private TorchState Own(RwkvXState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state is TorchState own && ReferenceEquals(own.Owner, this) ? own : throw new ArgumentException("expected a state of this model, got one of another");
    }

    private void Run(ForwardItem item, CancellationToken cancellationToken)
    {
        TorchState state = (TorchState)item.State;
        int v = Config.VocabSize, length = item.Tokens.Length;
        for (int first = 0; first < length; first += BlockRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(BlockRows, length - first);
            bool all = item.Logits.Length == (long)length * v, last = first + count == length;
            using DisposeScope scope = NewDisposeScope();
            state.Replace(count, () =>
            {
                Tensor x = Layers(item.Tokens.Slice(first, count).ToArray(), state);
                if (all || (last && !item.Logits.IsEmpty))
                    Logits(all ? x : x.slice(0, count - 1, count, 1), item.Logits.Span[(all ? first * v : 0)..]);
            });
        }
    }

    private Tensor Layers(int[] tokens, TorchState state)
    {
        Tensor x = _weights.Ln0.Layer(_weights.Embedding.index_select(0, tensor(Array.ConvertAll(tokens, t => (long)t)))); // (T, C)
        Tensor? vFirst = null;
        for (int i = 0, m = 0; i < _weights.Rwkv.Count; i++)
        {
            x = _weights.Rwkv[i].Forward(x, state.Rwkv[i], ref vFirst);
            if (Config.SparseInterval > 0 && (i + 1) % Config.SparseInterval == 0)
                x = _weights.Sparse[m].Forward(x, state.Sparse[m++], state.TokenCount);
        }

        return x;
    }

    private void Logits(Tensor x, Span<float> to)
    {
        Tensor logits = TorchWeights.Linear(_weights.LnOut.Layer(x), _weights.Head).contiguous();
        logits.data<float>().ToArray().CopyTo(to);
    }
}
