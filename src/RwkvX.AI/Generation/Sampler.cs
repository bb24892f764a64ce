using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Numerics.Tensors;

namespace RwkvX.AI.Generation;

/// <summary>Chooses the next token from logits. One sampler serves one answer: it remembers what it chose, for the penalties.</summary>
/// <remarks>Used by one thread at a time. Allocates when made, never afterwards. The order of the filters is that of
/// <see cref="SamplingOptions"/>; what a constraint forbids is gone before all of them.</remarks>
internal sealed class Sampler
{
    private const int BlockSize = 256; // for the walk over an unsorted distribution: whole blocks are skipped by their sums

    private readonly SamplingOptions _options;
    private readonly TokenPenalties? _penalties;
    private readonly int[] _banned;
    private readonly float[] _weights; // (V) logits, then exp((logit - highest) / temperature)
    private readonly ulong[] _ranked; // (V) candidates as sort keys: see Rank
    private SplitMix64 _random;

    public Sampler(SamplingOptions options, int vocabSize)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabSize);
        options.Validate(vocabSize);
        _options = options;
        _banned = [.. options.BannedTokens];
        _penalties = options.HasPenalties ? new TokenPenalties(options, vocabSize) : null;
        _weights = new float[vocabSize];
        _ranked = NeedsRanking(options) ? new ulong[vocabSize] : [];
        _random = new SplitMix64(options.Seed ?? Random.Shared.NextInt64(long.MinValue, long.MaxValue));
    }

    /// <summary>How it chooses.</summary>
    public SamplingOptions Options => _options;

    /// <summary>What the penalties have counted; null where none is on.</summary>
    public TokenPenalties? Penalties => _penalties;

    /// <summary>The draw of the next token, for an engine that chooses it in this sampler's place; 0 where nothing is drawn.</summary>
    public double NextDraw() => _options.Temperature == 0 ? 0 : _random.NextDouble();

    /// <summary>Notes a token that an engine chose in this sampler's place.</summary>
    public void Count(int token) => _penalties?.Count(token);

    /// <summary>Chooses a token and counts it for the penalties.</summary>
    /// <param name="logits">(V) logits; −∞ stands for a token that cannot come.</param>
    /// <param name="allowed">One bit an id for the tokens that may come (see <see cref="TokenMask"/>); empty allows all.</param>
    /// <exception cref="ArgumentException">The logits are not V.</exception>
    /// <exception cref="InvalidOperationException">
    /// A logit is NaN or +∞ (the model or its state is broken), or no token may come after the mask and the bans.
    /// </exception>
    public int Sample(ReadOnlySpan<float> logits, ReadOnlySpan<ulong> allowed = default)
    {
        if (logits.Length != _weights.Length)
        {
            ThrowLength(logits, _weights.Length);
        }

        Span<float> weights = _weights;
        logits.CopyTo(weights);
        float highest = HighestAllowed(weights, allowed);
        int token = _options.Temperature == 0 ? FirstIndexOf(weights, highest) : Draw(weights, highest);
        _penalties?.Count(token);
        return token;
    }

    private float HighestAllowed(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
        float highest = TensorPrimitives.Max(logits); // NaN if any is
        if (float.IsNaN(highest) || float.IsPositiveInfinity(highest))
        {
            ThrowBroken(highest);
        }

        if (!allowed.IsEmpty)
        {
            TokenMask.Apply(allowed, logits);
        }

        Ban(logits);
        _penalties?.Apply(logits);
        highest = TensorPrimitives.Max(logits);
        return float.IsNegativeInfinity(highest) ? Level(logits, allowed) : highest;
    }

    private void Ban(Span<float> logits)
    {
        foreach (int token in _banned)
        {
            logits[token] = float.NegativeInfinity;
        }
    }

    /// <summary>A constraint must go on even where the model gives nothing that it allows any chance: then all of it has the same.</summary>
    private float Level(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
        if (allowed.IsEmpty)
        {
            ThrowNothingLeft();
        }

        logits.Clear();
        TokenMask.Apply(allowed, logits);
        Ban(logits);
        if (float.IsNegativeInfinity(TensorPrimitives.Max(logits)))
        {
            ThrowNothingLeft();
        }

        return 0;
    }

    private int Draw(Span<float> weights, float highest)
    {
        // exp((x - highest) / T) is 1 for the most probable token: no overflow, and min-p compares with it directly.
        TensorPrimitives.Subtract(weights, highest, weights);
        TensorPrimitives.Divide(weights, _options.Temperature, weights);
        TensorPrimitives.Exp(weights, weights);
        return NeedsRanking(_options) ? DrawRanked(weights) : DrawUnranked(weights);
    }

    /// <summary>Top-k and top-p need the order of the most probable tokens; the rest is never sorted.</summary>
    private int DrawRanked(Span<float> weights)
    {
        double all = SumFrom(weights, _options.TopK > 0 ? 0 : _options.MinP);
        ReadOnlySpan<ulong> ranked = Rank(weights, all);
        if (_options.TopK > 0)
        {
            ranked = ranked[..Math.Min(_options.TopK, ranked.Length)];
        }

        double kept = 0;
        int count = 0;
        while (count < ranked.Length && WeightOf(ranked[count]) >= _options.MinP)
        {
            kept += WeightOf(ranked[count++]);
        }

        double wanted = _options.TopP * (_options.TopK > 0 ? kept : all);
        kept = 0;
        int nucleus = 0;
        do
        {
            kept += WeightOf(ranked[nucleus++]);
        }
        while (nucleus < count && kept < wanted);

        return Walk(ranked[..nucleus], _random.NextDouble() * kept);
    }

    /// <summary>The most probable tokens in order: as many as top-k or top-p can ask for, found with a falling threshold.</summary>
    private ReadOnlySpan<ulong> Rank(ReadOnlySpan<float> weights, double all)
    {
        for (float threshold = 1f / 16; ; threshold /= 16)
        {
            threshold = threshold < 1e-30f ? float.Epsilon : threshold; // the last round takes every token that can come
            int count = Collect(weights, threshold, out double sum);
            bool enough = _options.TopK > 0 ? count >= _options.TopK : sum >= _options.TopP * all;
            if (enough || threshold <= _options.MinP || threshold == float.Epsilon)
            {
                Span<ulong> ranked = _ranked.AsSpan(0, count);
                ranked.Sort();
                return ranked;
            }
        }
    }

    private int Collect(ReadOnlySpan<float> weights, float threshold, out double sum)
    {
        int count = 0;
        sum = 0;
        Vector<float> least = new(threshold);
        for (int start = 0; start < weights.Length; start += Vector<float>.Count)
        {
            int end = Math.Min(start + Vector<float>.Count, weights.Length);
            bool isWhole = end - start == Vector<float>.Count;
            if (isWhole && !Vector.GreaterThanOrEqualAny(new Vector<float>(weights[start..]), least))
            {
                continue;
            }

            for (int i = start; i < end; i++)
            {
                if (weights[i] >= threshold)
                {
                    // Weights are positive, so their bits sort like their values: the inverted bits put the largest first, then the lowest id.
                    _ranked[count++] = ((ulong)~BitConverter.SingleToUInt32Bits(weights[i]) << 32) | (uint)i;
                    sum += weights[i];
                }
            }
        }

        return count;
    }

    private static int Walk(ReadOnlySpan<ulong> ranked, double target)
    {
        foreach (ulong key in ranked)
        {
            target -= WeightOf(key);
            if (target < 0)
            {
                return (int)(uint)key;
            }
        }

        return (int)(uint)ranked[^1]; // rounding left a remainder
    }

    private int DrawUnranked(Span<float> weights)
    {
        double target = _random.NextDouble() * SumFrom(weights, _options.MinP);
        int last = -1;
        for (int start = 0; start < weights.Length; start += BlockSize)
        {
            ReadOnlySpan<float> block = weights[start..Math.Min(start + BlockSize, weights.Length)];
            double sum = SumFrom(block, _options.MinP);
            if (sum > 0 && target < sum)
            {
                return start + IndexAt(block, target);
            }

            last = sum > 0 ? start : last;
            target -= sum;
        }

        return last + IndexAt(weights[last..Math.Min(last + BlockSize, weights.Length)], double.MaxValue); // rounding left a remainder
    }

    /// <summary>Where the running sum of a block's weights passes the target; the last possible token if it never does.</summary>
    private int IndexAt(ReadOnlySpan<float> block, double target)
    {
        int last = 0;
        for (int i = 0; i < block.Length; i++)
        {
            if (block[i] > 0 && block[i] >= _options.MinP)
            {
                last = i;
                target -= block[i];
                if (target < 0)
                {
                    break;
                }
            }
        }

        return last;
    }

    private static double SumFrom(ReadOnlySpan<float> weights, float least)
    {
        if (least == 0)
        {
            return TensorPrimitives.Sum(weights);
        }

        double sum = 0;
        foreach (float weight in weights)
        {
            sum += weight >= least ? weight : 0;
        }

        return sum;
    }

    private static int FirstIndexOf(ReadOnlySpan<float> values, float wanted)
    {
        int i = 0;
        for (Vector<float> all = new(wanted); i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            if (Vector.EqualsAny(new Vector<float>(values[i..]), all))
            {
                break;
            }
        }

        while (values[i] != wanted)
        {
            i++;
        }

        return i;
    }

    private static bool NeedsRanking(SamplingOptions options) => options.Temperature != 0 && (options.TopK > 0 || options.TopP < 1);

    private static float WeightOf(ulong key) => BitConverter.UInt32BitsToSingle(~(uint)(key >> 32));

    [DoesNotReturn]
    private static void ThrowLength(ReadOnlySpan<float> logits, int expected) =>
        throw new ArgumentException($"logits: expected {expected} values, found {logits.Length}", nameof(logits));

    /// <summary>The errors of <see cref="Sample"/>, for what an engine gave in a token's place.</summary>
    /// <param name="code"><see cref="ISamplingEngine.Broken"/> or <see cref="ISamplingEngine.NothingLeft"/>.</param>
    public static InvalidOperationException ErrorOf(int code) => code == ISamplingEngine.Broken ? Broken(float.NaN) : NothingLeft();

    [DoesNotReturn]
    private static void ThrowBroken(float found) => throw Broken(found);

    [DoesNotReturn]
    private static void ThrowNothingLeft() => throw NothingLeft();

    private static InvalidOperationException Broken(float found) =>
        new($"logits: expected finite values or -∞, found {found}: the model or its state is broken");

    private static InvalidOperationException NothingLeft() =>
        new("logits: expected a token that may be chosen, found none (all are masked, banned or -∞)");
}
