using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu.Kernels;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>RWKV-X on the CPU: managed SIMD kernels over the checkpoint's mapped weights, on all cores.</summary>
/// <remarks>
/// Logits and states are the same bits however the tokens are split into calls, batched, forked or restored, and for any number of threads.
/// </remarks>
public sealed class CpuModel : IRwkvXModel
{
    private readonly ModelFiles? _ownedFiles;
    private readonly CpuWeights _weights;
    private readonly WorkerPool _pool;
    private readonly IForwardPass _pass;
    private readonly Block _block = new();
    private readonly ArrivalGate _gate = new();
    private readonly PagePool _pages;
    private readonly int _blockRows;
    private readonly Lazy<string> _hash;
    private bool _disposed;

    internal CpuModel(ModelTensors tensors, CpuModelOptions options, ModelFiles? ownedFiles = null)
    {
        _weights = new CpuWeights(tensors, options.Precision);
        _hash = new Lazy<string>(tensors.ComputeHash);
        _pool = new WorkerPool(options.Threads);
        _pages = new PagePool(options.PageMemoryBytes, options.PageFolder);
        _pass = CreatePass(options.VectorBits);
        _blockRows = options.BlockRows;
        _ownedFiles = ownedFiles;
        string description = $"{MatMul.InstructionSet}, {_pool.Count} {(_pool.Count == 1 ? "thread" : "threads")}, {RuntimeInformation.ProcessArchitecture}";
        Engine = new EngineInfo("cpu", "cpu", options.Precision, _weights.StepBytes, description) { CanDropPages = true };
    }

    /// <inheritdoc/>
    public RwkvXConfig Config => _weights.Config;

    /// <inheritdoc/>
    public EngineInfo Engine { get; }

    /// <inheritdoc/>
    public string ModelHash => _hash.Value;

    /// <summary>Sees, and may overwrite, the choices of chunks. Set it between passes.</summary>
    internal ChunkChoiceHook? ChoiceHook
    {
        get => _pass.ChoiceHook;
        set => _pass.ChoiceHook = value;
    }

    /// <summary>The memory of the pages of all its states.</summary>
    internal PagePool Pages => _pages;

    /// <summary>Loads a model's weights.</summary>
    /// <param name="files">The model. Weights that are kept as stored stay mapped, so it must outlive the engine.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="ownsFiles">Whether the engine disposes <paramref name="files"/> when it is disposed (not if loading fails).</param>
    /// <exception cref="CheckpointException">A tensor is missing, or not of the type or shape that the others imply.</exception>
    /// <exception cref="NotSupportedException">The precision is not one of the CPU's (<see cref="Precision.Fp8"/>).</exception>
    public static CpuModel Load(ModelFiles files, CpuModelOptions? options = null, bool ownsFiles = false)
    {
        ArgumentNullException.ThrowIfNull(files);
        return new CpuModel(ModelTensors.Read(files), options ?? new CpuModelOptions(), ownsFiles ? files : null);
    }

    /// <inheritdoc/>
    public RwkvXState CreateState() => new CpuState(Config, this, _pages);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default)
    {
        ForwardItemChecks.Check(batch, Config, this);
        _gate.Enter(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            cancellationToken.ThrowIfCancellationRequested();
            RunBlocks(batch, cancellationToken);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <inheritdoc/>
    public StateSnapshot Export(RwkvXState state)
    {
        CpuState own = ForwardItemChecks.OwnState(state, this);
        _gate.Enter(); // a fork's pass may be moving the pages that both refer to
        try
        {
            own.ThrowIfUnusable();
            return CpuStateExchange.Export(own);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <inheritdoc/>
    public RwkvXState Import(StateSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return CpuStateExchange.Import(snapshot, Config, this, _pages);
    }

    /// <summary>Waits for a running pass, then ends the threads and lets go of the weights.</summary>
    public void Dispose()
    {
        _gate.Enter();
        try
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _pool.Dispose();
            _pass.Dispose();
            _pages.Close();
            _weights.Dispose();
            _ownedFiles?.Dispose();
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void RunBlocks(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken)
    {
        bool ended = false, begun = false;
        try
        {
            int item = 0, token = 0;
            while (_block.Fill(batch, ref item, ref token, _blockRows, Config))
            {
                _pages.Settle(_block.Rows);
                begun = true;
                foreach (Piece piece in _block.Pieces)
                {
                    piece.State.Reserve(piece.Count);
                }

                if (!_pass.Run(_block, cancellationToken))
                {
                    throw new OperationCanceledException(cancellationToken);
                }

                foreach (Piece piece in _block.Pieces)
                {
                    piece.State.Advance(piece.Count);
                }
            }

            ended = true;
        }
        finally
        {
            if (begun && !ended)
            {
                Break(batch);
            }
        }
    }

    private static void Break(ReadOnlySpan<ForwardItem> batch)
    {
        foreach (ForwardItem item in batch)
        {
            ((CpuState)item.State).IsBroken = true;
        }
    }

    private IForwardPass CreatePass(int vectorBits)
    {
        int bits = vectorBits != 0 ? vectorBits
            : Vector512.IsHardwareAccelerated ? 512
            : Vector256.IsHardwareAccelerated ? 256
            : Vector128.IsHardwareAccelerated ? 128 : 32;
        return bits switch
        {
            512 => new ForwardPass<Lanes512>(_weights, _pool, _pages),
            256 => new ForwardPass<Lanes256>(_weights, _pool, _pages),
            128 => new ForwardPass<Lanes128>(_weights, _pool, _pages),
            32 => new ForwardPass<Lanes1>(_weights, _pool, _pages),
            _ => throw new UnreachableException($"{bits} bits"),
        };
    }
}
