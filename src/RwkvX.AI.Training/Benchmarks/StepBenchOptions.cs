using RwkvX.AI.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Benchmarks;

/// <summary>What a benchmark of training measures.</summary>
internal sealed record StepBenchOptions
{
    /// <summary>The model's sizes; its weights are random.</summary>
    public required RwkvXConfig Config { get; init; }

    /// <summary>T, tokens in a sequence.</summary>
    public required int Length { get; init; }

    /// <summary>B, sequences in a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Steps, and repetitions of each operator, that count; two more go before.</summary>
    public int Steps { get; init; } = 10;

    /// <summary>F32 or BF16.</summary>
    public ScalarType Compute { get; init; } = ScalarType.BFloat16;

    /// <summary>As in a stage's plan.</summary>
    public double RecomputeShare { get; init; }

    /// <summary>Whether the optimizer is measured too; its moments are twice the parameters in memory.</summary>
    public bool Optimizer { get; init; } = true;

    /// <summary>Where to compute.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>Edge of the square matrices whose product is the yardstick.</summary>
    public int PeakSize => Device.type == DeviceType.CUDA ? 8192 : 1024;

    /// <summary>B·T</summary>
    public long Tokens => (long)Length * Batch;
}
