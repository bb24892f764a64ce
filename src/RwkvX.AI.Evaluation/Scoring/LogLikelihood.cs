using System.Numerics.Tensors;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Log-likelihoods of continuations, tokenised as lm-evaluation-harness does.</summary>
/// <param name="model">The engine.</param>
/// <param name="tokenizer">Its vocabulary.</param>
public sealed class LogLikelihood(IRwkvXModel model, WorldTokenizer tokenizer)
{
    private const int LeastSpan = 512, MostSpan = 2048; // tokens in a pass

    /// <summary>ln p(continuation | context), and whether greedy decoding would give exactly it.</summary>
    /// <remarks>Spaces at the context's end go to the continuation; both are encoded together, and what lies behind the context's own tokens is scored. An empty context is token 0.</remarks>
    public (double LogProbability, bool IsGreedy) Score(string context, string continuation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(continuation);
        string trimmed = context.TrimEnd(' ');
        continuation = context[trimmed.Length..] + continuation;
        int[] before = trimmed.Length == 0 ? [0] : tokenizer.Encode(trimmed);
        int[] scored = trimmed.Length == 0 ? tokenizer.Encode(continuation) : tokenizer.Encode(trimmed + continuation)[before.Length..];
        if (scored.Length == 0) throw new ArgumentException("expected a continuation of at least one token, found none", nameof(continuation));
        double sum = 0;
        bool greedy = true;
        int[] all = [.. before, .. scored];
        ForEach(all, before.Length - 1, (position, logits) =>
        {
            int target = all[position + 1];
            sum += LogProbability(logits, target);
            greedy &= TensorPrimitives.IndexOfMax(logits) == target;
        }, cancellationToken);
        return (sum, greedy);
    }

    /// <summary>−ln p of each token from the second on.</summary>
    public double[] Losses(ReadOnlySpan<int> ids, CancellationToken cancellationToken = default) => Losses(ids, 0, cancellationToken);

    /// <summary>−ln p of each token from the second on, without the first so many of them.</summary>
    public double[] Losses(ReadOnlySpan<int> ids, int skip, CancellationToken cancellationToken = default)
    {
        int[] all = ids.ToArray();
        double[] losses = new double[Math.Max(0, all.Length - 1 - skip)];
        int V = model.Config.VocabSize;
        ForEachPass(all, skip, (start, count, rows) => Parallel.For(0, count, t => losses[start + t - skip] = -LogProbability(rows.AsSpan(t * V, V), all[start + t + 1])), cancellationToken);
        return losses;
    }

    /// <summary>Calls with the logits after each position from the given one to the last but one.</summary>
    private void ForEach(int[] ids, int from, Action<int, float[]> use, CancellationToken cancellationToken)
    {
        int V = model.Config.VocabSize;
        ForEachPass(ids, from, (start, count, rows) =>
        {
            for (int t = 0; t < count; t++) use(start + t, rows[(t * V)..((t + 1) * V)]);
        }, cancellationToken);
    }

    /// <summary>Calls with the first position, the number of positions and the logits (T, V) of each pass; what lies before is only read.</summary>
    private void ForEachPass(int[] ids, int from, Action<int, int, float[]> use, CancellationToken cancellationToken)
    {
        int V = model.Config.VocabSize, span = Math.Clamp(model.Engine.PrefillSpan, LeastSpan, MostSpan);
        using RwkvXState state = model.CreateState();
        float[] rows = new float[Math.Min(span, Math.Max(0, ids.Length - 1 - from)) * V];
        for (int start = 0; start < ids.Length - 1;)
        {
            bool wanted = start >= from;
            int count = Math.Min(span, (wanted ? ids.Length - 1 : Math.Min(from, ids.Length - 1)) - start);
            model.Forward(state, ids.AsMemory(start, count), wanted ? rows.AsMemory(0, count * V) : default, cancellationToken);
            if (wanted) use(start, count, rows);
            start += count;
        }
    }

    private static double LogProbability(ReadOnlySpan<float> logits, int target)
    {
        float max = TensorPrimitives.Max(logits);
        double sum = 0;
        foreach (float logit in logits) sum += Math.Exp(logit - max);
        return logits[target] - max - Math.Log(sum);
    }
}
