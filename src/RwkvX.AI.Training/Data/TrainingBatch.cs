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
    private const float MostOfOne = 20; // times what an answer counts: a lone number in 64K tokens must not be all that a step learns

    /// <summary>Whether the RWKV layers forget within it, as the stage says.</summary>
    public bool Forgets { get; init; }

    /// <summary>Places, b · T + t, ascending, behind which the model is to say something: their target is part of an answer.</summary>
    public IReadOnlyList<int> Answers { get; init; } = [];

    /// <summary>Σ of the weights.</summary>
    public double WeightSum { get; } = Weights.Sum(weight => (double)weight);

    /// <summary>Reads sequences.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="first">Number of the first.</param>
    /// <param name="stage">Sizes, and what counts how much.</param>
    /// <param name="cancellationToken">Acts between sequences.</param>
    public static TrainingBatch Read(ISequenceSource source, long first, StagePlan stage, CancellationToken cancellationToken = default)
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
            WeightsOf(ids, kinds, stage).AsSpan(1).CopyTo(weights.AsSpan(b * length));
            for (int t = 0; t < length; t++)
            {
                tokens[(b * length) + t] = ids[t];
                targets[(b * length) + t] = ids[t + 1];
                if (kinds[t + 1] == TokenKind.Answer) answers.Add((b * length) + t);
            }
        }

        return new TrainingBatch(tokens, targets, weights, batch) { Answers = answers };
    }

    /// <summary>How much each token counts as a target: by its kind, and the answers of a document, which ends with token 0, by how few they are.</summary>
    /// <param name="tokens">(n)</param>
    /// <param name="kinds">(n)</param>
    /// <param name="stage">Has <see cref="StagePlan.LossWeights"/> and <see cref="StagePlan.AnswerShare"/>.</param>
    /// <returns>(n)</returns>
    public static float[] WeightsOf(ReadOnlySpan<int> tokens, ReadOnlySpan<TokenKind> kinds, StagePlan stage)
    {
        float[] weights = new float[tokens.Length], byKind = [.. Enum.GetValues<TokenKind>().Select(kind => kind == TokenKind.Padding ? 0f : 1f)];
        foreach ((string kind, double weight) in stage.LossWeights ?? new Dictionary<string, double>()) byKind[(int)Enum.Parse<TokenKind>(kind, ignoreCase: true)] = (float)weight;
        for (int start = 0, end; start < tokens.Length; start = end)
        {
            int zero = tokens[start..].IndexOf(0);
            end = zero < 0 ? tokens.Length : start + zero + 1;
            int answers = kinds[start..end].Count(TokenKind.Answer);
            float times = answers == 0 ? 1 : Math.Clamp((float)(stage.AnswerShare * (end - start) / answers), 1, MostOfOne);
            for (int i = start; i < end; i++) weights[i] = byKind[(int)kinds[i]] * (kinds[i] == TokenKind.Answer ? times : 1);
        }

        return weights;
    }

    /// <summary>Tokens, targets and weights, each (B, T), on a device.</summary>
    public (Tensor Tokens, Tensor Targets, Tensor Weights) To(Device device) =>
        (Place(Tokens, device), Place(Targets, device), tensor(Weights, [Batch, Weights.Length / Batch], device: device));

    private Tensor Place(long[] ids, Device device) => tensor(ids, [Batch, ids.Length / Batch], device: device);
}
