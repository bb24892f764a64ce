using System.Text.Json.Serialization;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Losses;

namespace RwkvX.AI.Training.Plans;

/// <summary>One stage: a length, a learning rate, data, and what is trained.</summary>
public sealed record StagePlan
{
    /// <summary>Its name in logs.</summary>
    public required string Name { get; init; }

    /// <summary>T, tokens in a sequence.</summary>
    public required int Length { get; init; }

    /// <summary>Sequences computed at once.</summary>
    public required int Batch { get; init; }

    /// <summary>Batches whose gradients are added up before a step.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Tokens to train on.</summary>
    public required long Tokens { get; init; }

    /// <summary>Seconds after which the stage ends even if tokens are left; the learning rate then falls with time. Such a run cannot be repeated exactly. Null for no limit.</summary>
    public double? MaxSeconds { get; init; }

    /// <summary>The learning rate after warm-up.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The learning rate at the end; a half cosine leads there.</summary>
    public required double FinalLearningRate { get; init; }

    /// <summary>Steps from zero to the learning rate.</summary>
    public int WarmupSteps { get; init; } = 10;

    /// <summary><c>all</c>, or <c>new</c>: the sparse layers alone.</summary>
    public string Train { get; init; } = "all";

    /// <summary>Where sequences come from, mixed by weight.</summary>
    public required IReadOnlyList<SourcePlan> Data { get; init; }

    /// <summary>How much the loss of each kind of token counts; 1 where nothing is said.</summary>
    public IReadOnlyDictionary<string, double>? LossWeights { get; init; }

    /// <summary>
    /// Share of a document's tokens that its answers are counted for where they are fewer, up to twenty times each: one question about a long text then teaches as much as the hundred of another.
    /// 0 counts all answers alike.
    /// </summary>
    public double AnswerShare { get; init; }

    /// <summary>LongCE; null for the plain loss.</summary>
    public LongCrossEntropyOptions? LongCrossEntropy { get; init; }

    /// <summary>
    /// Chunks that a token attends to in this stage, its own included; null for as many as the model has. With all chunks of the length the attention is full, and learns what to look for
    /// far sooner: what is chosen by the means of chunks can be learnt afterwards.
    /// </summary>
    [JsonPropertyName("moba_topk")] // as in config.json
    public int? MobaTopK { get; init; }

    /// <summary>
    /// Tokens after which the RWKV layers begin anew, in <see cref="ForgetShare"/> of the batches; it divides the length. What lies further back is then to be had by attention alone,
    /// which otherwise learns nothing that the recurrence learns faster. 0 for never.
    /// </summary>
    public int ForgetEvery { get; init; }

    /// <summary>Share of the batches with RWKV layers that forget.</summary>
    public double ForgetShare { get; init; } = 0.5;

    /// <summary>
    /// Where the sequences of the batches that forget come from; null for <see cref="Data"/>. What asks for the end of a list, or for how a story goes on, cannot be known without the recurrence:
    /// lookups can.
    /// </summary>
    public IReadOnlyList<SourcePlan>? ForgetData { get; init; }

    /// <summary>
    /// How much the choice of chunks counts beside the loss of a token, where an answer is said: it learns to choose what attention to all keys would look at (KL divergence, summed over heads),
    /// by the matrices of queries and keys alone. The loss of tokens does not reach it. 0 for not at all.
    /// </summary>
    public double ChoiceLoss { get; init; }

    /// <summary>Weight of (ln Σ exp logits)².</summary>
    public double ZLoss { get; init; }

    /// <summary>Weight of half the square of the highest logit, as RWKV's own trainer has it (1e-4 there).</summary>
    public double L2Wrap { get; init; }

    /// <summary>Share of the layers of which only what goes in is kept, and the rest computed again on the way back: less memory, up to a third more work. 0 for none, 1 for all.</summary>
    public double RecomputeShare { get; init; }

    /// <summary>Tokens in a step.</summary>
    internal long TokensPerStep => (long)Length * Batch * Accumulate;

    /// <summary>Steps of the stage.</summary>
    internal int Steps => (int)((Tokens + TokensPerStep - 1) / TokensPerStep);

    /// <summary>Whether the RWKV layers forget in a batch: evenly spread.</summary>
    /// <param name="batch">Number of the batch in the stage.</param>
    internal bool Forgets(long batch) => ForgetEvery > 0 && IsOneOf(ForgetShare, batch);

    /// <summary>Whether a layer is computed again on the way back: evenly spread.</summary>
    /// <param name="layer">Its number, of both kinds.</param>
    internal bool Recomputes(int layer) => IsOneOf(RecomputeShare, layer);

    private static bool IsOneOf(double share, long index) => Math.Floor((index + 1) * share) > Math.Floor(index * share);

    internal void Validate(string path)
    {
        if (Length < 2 || Batch < 1 || Accumulate < 1 || Tokens < 1)
            throw new PlanException($"{path}: length, batch, accumulate and tokens: expected positive numbers");
        if (Train is not ("all" or "new")) throw new PlanException($"{path}: train: expected all or new, found {Train}");
        if (MobaTopK < 1) throw new PlanException($"{path}: moba_topk: expected at least 1, the chunk of the token itself, found {MobaTopK}");
        if (ForgetEvery < 0 || (ForgetEvery > 0 && Length % ForgetEvery != 0)) throw new PlanException($"{path}: forget_every: expected a divisor of the length {Length}, or 0, found {ForgetEvery}");
        foreach ((string name, double share) in new[] { ("forget_share", ForgetShare), ("recompute_share", RecomputeShare), ("answer_share", AnswerShare) })
            if (share is not (>= 0 and <= 1)) throw new PlanException($"{path}: {name}: expected 0 to 1, found {share}");
        if (!(ChoiceLoss >= 0)) throw new PlanException($"{path}: choice_loss: expected at least 0, found {ChoiceLoss}");
        if (Data.Count == 0) throw new PlanException($"{path}: data: expected at least one source, found none");
        if (ForgetData is { } lookups && (lookups.Count == 0 || ForgetEvery == 0))
            throw new PlanException($"{path}: forget_data: expected at least one source and forget_every, found {lookups.Count} and {ForgetEvery}");
        foreach (string kind in LossWeights?.Keys ?? [])
        {
            if (!Enum.TryParse<TokenKind>(kind, ignoreCase: true, out _))
                throw new PlanException($"{path}: loss_weights: expected {string.Join(", ", Enum.GetNames<TokenKind>())}, found {kind}");
        }
    }
}
