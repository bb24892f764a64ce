using RwkvX.AI.Generation;

namespace RwkvX.AI.Tests.Generation;

/// <summary>The slow, readable twin of <see cref="Sampler"/>: sorts everything, calculates in double, and gives the whole distribution.</summary>
internal sealed class ReferenceSampler(SamplingOptions options)
{
    private readonly List<int> _generated = [];

    public void Count(int token) => _generated.Add(token);

    /// <summary>The probability of each token after all filters.</summary>
    public double[] Distribution(float[] logits)
    {
        double[] x = [.. logits.Select((logit, i) => options.BannedTokens.Contains(i) ? double.NegativeInfinity : Penalised(logit, i))];
        int[] order = [.. Enumerable.Range(0, x.Length).OrderByDescending(i => x[i]).ThenBy(i => i)];
        double[] p = new double[x.Length];
        if (options.Temperature == 0)
        {
            p[order[0]] = 1;
            return p;
        }

        List<int> kept = [.. order.Where(i => !double.IsNegativeInfinity(x[i]))];
        if (options.TopK > 0)
        {
            kept = [.. kept.Take(options.TopK)];
        }

        double highest = x[kept[0]];
        double Weight(int i) => Math.Exp((x[i] - highest) / options.Temperature);
        kept = [.. kept.Where(i => Weight(i) >= options.MinP)];
        double total = kept.Sum(Weight);
        double sum = 0;
        List<int> nucleus = [];
        foreach (int i in kept)
        {
            if (nucleus.Count > 0 && sum >= options.TopP * total)
            {
                break;
            }

            nucleus.Add(i);
            sum += Weight(i);
        }

        foreach (int i in nucleus)
        {
            p[i] = Weight(i) / sum;
        }

        return p;
    }

    private double Penalised(float logit, int token)
    {
        double count = 0;
        bool seen = false;
        foreach (int generated in _generated)
        {
            count = (count * options.PenaltyDecay) + (generated == token ? 1 : 0);
            seen |= generated == token;
        }

        if (!seen)
        {
            return logit;
        }

        double scaled = logit > 0 ? logit / options.RepetitionPenalty : logit * options.RepetitionPenalty;
        return scaled - options.PresencePenalty - (options.FrequencyPenalty * count);
    }
}
