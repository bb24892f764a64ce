using System.Numerics.Tensors;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Log-likelihoods of continuations, tokenised as lm-evaluation-harness does.</summary>
/// <param name="model">The engine.</param>
/// <param name="tokenizer">Its vocabulary.</param>
public sealed class LogLikelihood(IRwkvXModel model, WorldTokenizer tokenizer)
{
    private const int Span = 512; // tokens in a pass

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
    public double[] Losses(ReadOnlySpan<int> ids, CancellationToken cancellationToken = default)
    {
        int[] all = ids.ToArray();
        double[] losses = new double[Math.Max(0, all.Length - 1)];
        ForEach(all, 0, (position, logits) => losses[position] = -LogProbability(logits, all[position + 1]), cancellationToken);
        return losses;
    }

    /// <summary>Calls with the logits after each position from the given one to the last but one.</summary>
    private void ForEach(int[] ids, int from, Action<int, float[]> use, CancellationToken cancellationToken)
    {
        int V = model.Config.VocabSize;
        using RwkvXState state = model.CreateState();
        float[] row = new float[V];
        for (int start = 0; start < ids.Length - 1;)
        {
            int count = Math.Min(Span, ids.Length - 1 - start);
            float[] rows = new float[count * V];
            model.Forward(state, ids.AsMemory(start, count), rows, cancellationToken);
            for (int t = Math.Max(0, from - start); t < count; t++)
            {
                rows.AsSpan(t * V, V).CopyTo(row);
                use(start + t, row);
            }

            start += count;
        }
    }

    private static double LogProbability(float[] logits, int target)
    {
        float max = TensorPrimitives.Max<float>(logits);
        double sum = 0;
        foreach (float logit in logits) sum += Math.Exp(logit - max);
        return logits[target] - max - Math.Log(sum);
    }
}
