using RwkvX.AI.Training.Plans;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Data;

/// <summary>Sequences for one forward and backward pass, still on the host.</summary>
/// <param name="Tokens">(B, T) row-major</param>
/// <param name="Targets">(B, T)</param>
/// <param name="Weights">(B, T) how much each target's loss counts.</param>
/// <param name="Batch">B</param>
internal sealed record TrainingBatch(long[] Tokens, long[] Targets, float[] Weights, int Batch)
{
    /// <summary>Whether the RWKV layers forget within it, as the stage says.</summary>
    public bool Forgets { get; init; }

    /// <summary>Places, b · T + t, ascending, behind which the model is to say something: their target is part of an answer.</summary>
    public IReadOnlyList<int> Answers { get; init; } = [];

    /// <summary>Σ of the weights.</summary>
    public double WeightSum { get; } = Weights.Sum(weight => (double)weight);

    /// <summary>Reads sequences.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="first">Number of the first.</param>
    /// <param name="stage">Sizes.</param>
    /// <param name="tokenWeights">The stage's.</param>
    /// <param name="cancellationToken">Acts between sequences.</param>
    public static TrainingBatch Read(ISequenceSource source, long first, StagePlan stage, TokenWeights tokenWeights, CancellationToken cancellationToken = default)
    {
        (int batch, int length) = (stage.Batch, stage.Length);
        long[] tokens = new long[batch * length], targets = new long[batch * length];
        float[] weights = new float[batch * length];
        List<int> answers = [];
        int[] ids = new int[length + 1];
        TokenKind[] kinds = new TokenKind[length + 1];
        for (int b = 0; b < batch; b++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            source.Read(first + b, ids, kinds);
            tokenWeights.Of(ids, kinds).AsSpan(1).CopyTo(weights.AsSpan(b * length));
            for (int t = 0; t < length; t++)
            {
                tokens[(b * length) + t] = ids[t];
                targets[(b * length) + t] = ids[t + 1];
                if (kinds[t + 1] == TokenKind.Answer) answers.Add((b * length) + t);
            }
        }

        return new TrainingBatch(tokens, targets, weights, batch) { Answers = answers };
    }

    /// <summary>Tokens, targets and weights, each (B, T), on a device.</summary>
    public (Tensor Tokens, Tensor Targets, Tensor Weights) To(Device device) =>
        (Place(Tokens, device), Place(Targets, device), tensor(Weights, [Batch, Weights.Length / Batch], device: device));

    private Tensor Place(long[] ids, Device device) => tensor(ids, [Batch, ids.Length / Batch], device: device);
}
