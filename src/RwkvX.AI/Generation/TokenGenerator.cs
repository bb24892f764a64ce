using System.Runtime.CompilerServices;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;

namespace RwkvX.AI.Generation;

/// <summary>Runs a prompt through the model and then samples token after token. Sees ids only.</summary>
/// <remarks>
/// Each call waits for the engine passes that it needs, which other requests share. Between calls a caller may fork the state or simply
/// stop. Used by one caller at a time; the state belongs to the caller.
/// </remarks>
internal sealed class TokenGenerator : IDisposable
{
    private readonly PassScheduler _scheduler;
    private readonly ScheduledSequence _sequence;
    private readonly RwkvXState _state;
    private readonly Sampler _sampler;
    private readonly ITokenConstraint? _constraint;
    private readonly ulong[] _allowed; // ((V + 63) / 64) words where there is a constraint
    private readonly int[] _next = new int[1];
    private readonly bool _isChosenByEngine; // then a run ends in a token instead of logits
    private float[]? _logits; // (V) after the last token that the state consumed
    private bool _isSampled; // the last token is sampled, and the state has not consumed it

    /// <param name="scheduler">Gives the engine's passes.</param>
    /// <param name="state">Advanced in place.</param>
    /// <param name="options">How tokens are chosen.</param>
    /// <param name="limits">How long it may keep the engine from others; null for the usual.</param>
    /// <param name="constraint">Says which tokens may come; null for all.</param>
    /// <param name="priority">Higher ones come earlier; 0 is usual.</param>
    public TokenGenerator(
        PassScheduler scheduler, RwkvXState state, SamplingOptions options, PassLimits? limits = null, ITokenConstraint? constraint = null, int priority = 0)
    {
        int vocabSize = scheduler.Model.Config.VocabSize;
        _scheduler = scheduler;
        _state = state;
        _sampler = new Sampler(options, vocabSize);
        _sequence = scheduler.Open(limits, priority);
        _isChosenByEngine = constraint is null && scheduler.CanSample;
        _logits = _isChosenByEngine ? null : scheduler.RentLogits();
        _constraint = constraint;
        _allowed = constraint is null ? [] : new ulong[TokenMask.Words(vocabSize)];
    }

    /// <summary>Whether a token may follow; false only where the constraint lets none.</summary>
    public bool CanContinue => _constraint?.CanContinue ?? true;

    /// <summary>Gets the number of tokens of each pass over the state; null where nobody wants to know.</summary>
    public List<int>? Spans
    {
        get => _sequence.Spans;
        init => _sequence.Spans = value;
    }

    /// <summary>Feeds a prompt, or a part of one.</summary>
    /// <param name="tokens">(T) token ids.</param>
    /// <param name="isLast">Whether sampling follows: logits after the last token, or the token after it, are then computed.</param>
    /// <param name="cancellationToken">Acts between and inside passes; the state is then partly advanced, or not valid any more.</param>
    public ValueTask PrefillAsync(ReadOnlyMemory<int> tokens, bool isLast, CancellationToken cancellationToken) =>
        isLast ? RunAsync(tokens, cancellationToken) : _sequence.RunAsync(_state, tokens, Memory<float>.Empty, cancellationToken);

    /// <summary>Samples the next token after a prefill; feeds the last sampled one first.</summary>
    /// <param name="remainingTokens">How many may still be sampled, this one included: a constraint closes in time.</param>
    /// <param name="cancellationToken">Acts before and inside the pass.</param>
    /// <returns>The sampled id, which the state has not consumed yet.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> NextAsync(int remainingTokens, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_isSampled)
        {
            await RunAsync(_next, cancellationToken).ConfigureAwait(false);
        }

        _sequence.IsStreaming = true;
        _next[0] = Sample(remainingTokens);
        _isSampled = true;
        return _next[0];
    }

    /// <summary>The reader does not keep up: until the next token, prompts of others need not be cut short for this stream.</summary>
    public void Pause() => _sequence.IsStreaming = false;

    /// <summary>Gives back what belongs to the scheduler. No call may be going on.</summary>
    public void Dispose()
    {
        _sequence.Dispose();
        if (Interlocked.Exchange(ref _logits, null) is { } logits)
        {
            _scheduler.ReturnLogits(logits);
        }
    }

    private ValueTask RunAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken) =>
        _isChosenByEngine ? _sequence.RunAndSampleAsync(_state, tokens, _sampler, cancellationToken) : _sequence.RunAsync(_state, tokens, _logits, cancellationToken);

    private int Sample(int remainingTokens)
    {
        if (_isChosenByEngine)
        {
            return _sequence.Chosen;
        }

        if (_constraint is null)
        {
            return _sampler.Sample(_logits);
        }

        _constraint.FillMask(_allowed, remainingTokens);
        int token = _sampler.Sample(_logits, _allowed);
        _constraint.Accept(token);
        return token;
    }
}
