using RwkvX.AI.Models;

namespace RwkvX.AI.Generation;

/// <summary>Runs a prompt through the model and then samples token after token. Sees ids only.</summary>
/// <remarks>
/// Both loops are lazy: each step of an enumerator is one engine pass, so that a caller may let others run between steps, fork the
/// state, or simply stop. Used by one thread at a time; the state belongs to the caller.
/// </remarks>
internal sealed class TokenGenerator
{
    /// <summary>Tokens in one pass of a prefill where nothing else is said: enough for matrix-matrix products, short enough to share the engine.</summary>
    public const int DefaultPrefillSpan = 256;

    private readonly IRwkvXModel _model;
    private readonly RwkvXState _state;
    private readonly Sampler _sampler;
    private readonly int _prefillSpan;
    private readonly float[] _logits; // (V) after the last token that the state consumed
    private readonly int[] _next = new int[1];

    public TokenGenerator(IRwkvXModel model, RwkvXState state, SamplingOptions options, int prefillSpan = DefaultPrefillSpan)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(prefillSpan);
        _model = model;
        _state = state;
        _sampler = new Sampler(options, model.Config.VocabSize);
        _prefillSpan = prefillSpan;
        _logits = new float[model.Config.VocabSize];
    }

    /// <summary>Feeds a prompt, or a part of one, in bounded spans; one span a step.</summary>
    /// <param name="tokens">(T) token ids.</param>
    /// <param name="isLast">Whether sampling follows: the last span then computes logits.</param>
    /// <param name="cancellationToken">Acts inside each span; the state is then not valid any more.</param>
    /// <returns>After each step, how many of the tokens have been consumed.</returns>
    public IEnumerable<int> Prefill(ReadOnlyMemory<int> tokens, bool isLast, CancellationToken cancellationToken)
    {
        for (int start = 0; start < tokens.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int end = Math.Min(start + _prefillSpan, tokens.Length);
            bool sampled = isLast && end == tokens.Length;
            _model.Forward(_state, tokens[start..end], sampled ? _logits : Memory<float>.Empty, cancellationToken);
            start = end;
            yield return end;
        }
    }

    /// <summary>Samples tokens after a prefill, one a step.</summary>
    /// <param name="maxTokens">How many at most.</param>
    /// <param name="cancellationToken">Acts between and inside steps.</param>
    /// <returns>The sampled ids. When one is handed out, the state has not consumed it yet; the next step feeds it.</returns>
    public IEnumerable<int> Decode(int maxTokens, CancellationToken cancellationToken)
    {
        for (int count = 0; count < maxTokens; count++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (count > 0 && _model is ISamplingEngine engine)
            {
                engine.ForwardAndSample([new SampledItem(_state, _next, _sampler)], _next, cancellationToken);
            }
            else
            {
                if (count > 0)
                {
                    _model.Forward(_state, _next, _logits, cancellationToken);
                }

                _next[0] = _sampler.Sample(_logits);
            }

            yield return _next[0];
        }
    }

    /// <summary>Feeds a prompt and samples what follows.</summary>
    /// <param name="prompt">(T) token ids, T ≥ 1.</param>
    /// <param name="maxTokens">How many tokens are sampled at most.</param>
    /// <param name="cancellationToken">Acts inside the prefill and between tokens.</param>
    /// <returns>The sampled ids, as from <see cref="Decode"/>.</returns>
    /// <exception cref="ArgumentException">The prompt is empty: there is nothing to go on from.</exception>
    public IEnumerable<int> Generate(ReadOnlyMemory<int> prompt, int maxTokens, CancellationToken cancellationToken)
    {
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("prompt: expected at least one token, found none", nameof(prompt));
        }

        return Run();

        IEnumerable<int> Run()
        {
            foreach (int _ in Prefill(prompt, isLast: true, cancellationToken))
            {
            }

            foreach (int token in Decode(maxTokens, cancellationToken))
            {
                yield return token;
            }
        }
    }
}
