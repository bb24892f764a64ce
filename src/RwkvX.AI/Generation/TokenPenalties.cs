namespace RwkvX.AI.Generation;

/// <summary>Counts the tokens generated so far and lowers their logits.</summary>
/// <remarks>Only generated tokens count, not those of the prompt.</remarks>
internal sealed class TokenPenalties
{
    private readonly SamplingOptions _options;
    private readonly float[] _counts; // (V) how often each token was generated, faded by PenaltyDecay
    private readonly bool[] _seen; // (V)
    private readonly int[] _order; // (V) the ids seen, in order of first appearance; the first _seenCount are set
    private int _seenCount;

    public TokenPenalties(SamplingOptions options, int vocabSize)
    {
        _options = options;
        _counts = new float[vocabSize];
        _seen = new bool[vocabSize];
        _order = new int[vocabSize];
    }

    /// <summary>The ids counted so far, in order of first appearance.</summary>
    public ReadOnlySpan<int> Seen => _order.AsSpan(0, _seenCount);

    /// <summary>How often a token was generated, faded.</summary>
    public float CountOf(int token) => _counts[token];

    /// <summary>Lowers the logits of tokens generated before, in place.</summary>
    public void Apply(Span<float> logits)
    {
        foreach (int token in _order.AsSpan(0, _seenCount))
        {
            float logit = logits[token];
            logit = logit > 0 ? logit / _options.RepetitionPenalty : logit * _options.RepetitionPenalty;
            logits[token] = logit - _options.PresencePenalty - (_options.FrequencyPenalty * _counts[token]);
        }
    }

    /// <summary>Notes that a token was generated.</summary>
    public void Count(int token)
    {
        if (_options.PenaltyDecay != 1)
        {
            foreach (int seen in _order.AsSpan(0, _seenCount))
            {
                _counts[seen] *= _options.PenaltyDecay;
            }
        }

        if (!_seen[token])
        {
            _seen[token] = true;
            _order[_seenCount++] = token;
        }

        _counts[token] += 1;
    }
}
