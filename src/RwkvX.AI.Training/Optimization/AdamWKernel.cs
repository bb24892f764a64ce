using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Optimization;

/// <summary>AdamW over parameters wherever they lie, by one kernel: no copy of all gradients, no call a parameter.</summary>
internal sealed unsafe class AdamWKernel : IDisposable
{
    private const int Piece = 4096, Threads = 256;

    private readonly IKernelLauncher _launcher;
    private readonly Tensor[] _parameters;
    private readonly Tensor _m;
    private readonly Tensor _v;
    private readonly Tensor _entries;
    private readonly Tensor _pieces;
    private readonly int _pieceCount;

    /// <param name="launcher">Where it runs.</param>
    /// <param name="parameters">F32; they stay where they are.</param>
    /// <param name="m">(elements) the first moments, end to end.</param>
    /// <param name="v">(elements) the second.</param>
    public AdamWKernel(IKernelLauncher launcher, Tensor[] parameters, Tensor m, Tensor v)
    {
        (_launcher, _parameters, _m, _v) = (launcher, parameters, m, v);
        List<long> entries = [];
        List<int> pieces = [];
        long at = 0;
        for (int i = 0; i < parameters.Length; i++)
        {
            long count = parameters[i].numel();
            entries.AddRange([(long)TensorPointer.Of(parameters[i]), at, count]);
            for (int piece = 0; piece * (long)Piece < count; piece++) pieces.AddRange([i, piece]);
            at += count;
        }

        _pieceCount = pieces.Count / 2;
        _entries = tensor(entries.ToArray()).to(m.device).DetachFromDisposeScope();
        _pieces = tensor(pieces.ToArray()).to(m.device).DetachFromDisposeScope();
    }

    private static string[] Defines { get; } = [$"-DPIECE={Piece}"];

    /// <summary>Σ g² over all gradients, F64, in the caller's scope.</summary>
    public Tensor SquareSum()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sums = empty(_pieceCount, dtype: ScalarType.Float64, device: _m.device);
        _launcher.Launch("adamw_norm", Defines, new NormArgs
        {
            Entries = TensorPointer.Of(_entries),
            Gradients = TensorPointer.Of(Gradients()),
            Pieces = TensorPointer.Of(_pieces),
            Sums = TensorPointer.Of(sums),
        }, Threads, _pieceCount);
        return sums.sum().MoveToOuterDisposeScope();
    }

    /// <summary>One step, as <see cref="AdamW"/> describes it.</summary>
    public void Step(OptimizerPlan plan, long step, double learningRate, double clip, double decay)
    {
        using DisposeScope scope = NewDisposeScope();
        double unbias1 = 1 - Math.Pow(plan.Beta1, step), unbias2 = 1 - Math.Pow(plan.Beta2, step);
        _launcher.Launch("adamw", Defines, new StepArgs
        {
            Entries = TensorPointer.Of(_entries),
            Gradients = TensorPointer.Of(Gradients()),
            Pieces = TensorPointer.Of(_pieces),
            M = TensorPointer.Of(_m),
            V = TensorPointer.Of(_v),
            Clip = (float)clip,
            Beta1 = (float)plan.Beta1,
            Rest1 = (float)(1 - plan.Beta1),
            Beta2 = (float)plan.Beta2,
            Rest2 = (float)(1 - plan.Beta2),
            Keep = (float)(1 - (learningRate * decay)),
            Rate = (float)(learningRate / unbias1),
            Unbias = (float)(1 / unbias2),
            Epsilon = (float)plan.Epsilon,
        }, Threads, _pieceCount);
    }

    public void Dispose()
    {
        _entries.Dispose();
        _pieces.Dispose();
    }

    /// <summary>(parameters) I64 where each gradient lies now; 0 for none. Within the caller's scope, which keeps them.</summary>
    private Tensor Gradients() =>
        tensor(Array.ConvertAll(_parameters, parameter => parameter.grad is { } gradient ? (long)TensorPointer.Of(gradient.contiguous()) : 0)).to(_m.device);

    /// <summary>As in adamw.cu.</summary>
    private struct StepArgs
    {
        public void* Entries, Gradients, Pieces, M, V;
        public float Clip, Beta1, Rest1, Beta2, Rest2, Keep, Rate, Unbias, Epsilon;
    }

    /// <summary>As in adamw_norm.cu.</summary>
    private struct NormArgs
    {
        public void* Entries, Gradients, Pieces, Sums;
    }
}
