using System.Threading.Tasks.Sources;
using RwkvX.AI.Models;

namespace RwkvX.AI.Generation.Scheduling;

/// <summary>One sequence's seat at a <see cref="PassScheduler"/>: tokens go in, and it waits until they have run.</summary>
/// <remarks>
/// One run at a time; a run allocates nothing. What follows an awaited run may go on inside the scheduler's loop, beside that of the other
/// sequences and before the next pass: keep it short (sampling, text), and leave the loop before anything long
/// (<see cref="ConfigureAwaitOptions.ForceYielding"/>).
/// </remarks>
internal sealed class ScheduledSequence : IValueTaskSource, IDisposable
{
    private readonly PassScheduler _scheduler;
    private ManualResetValueTaskSourceCore<bool> _run; // not readonly: it is its own state
    private CancellationTokenRegistration _registration;
    private bool _isStreaming;

    internal ScheduledSequence(PassScheduler scheduler, PassLimits limits, int priority)
    {
        _scheduler = scheduler;
        Limits = limits;
        Priority = priority;
    }

    /// <summary>Who waited longest, first.</summary>
    internal static Comparison<ScheduledSequence> ByTurn { get; } =
        static (a, b) => a.Turn != b.Turn ? a.Turn.CompareTo(b.Turn) : a.Arrival.CompareTo(b.Arrival);

    /// <summary>Whether a reader waits for each token: prompts of others then run in short spans.</summary>
    public bool IsStreaming
    {
        get => _isStreaming;
        set
        {
            if (_isStreaming != value)
            {
                _isStreaming = value;
                _scheduler.CountStreaming(value ? 1 : -1);
            }
        }
    }

    /// <summary>How long it may keep the engine from the others.</summary>
    public PassLimits Limits { get; }

    /// <summary>Higher ones come earlier; 0 is usual.</summary>
    public int Priority { get; }

    /// <summary>The token that the last run with a sampler ended in.</summary>
    public int Chosen { get; internal set; }

    /// <summary>Gets the number of tokens of each pass that ran, so that they can be run again in the same spans; null where nobody wants to know.</summary>
    public List<int>? Spans { get; set; }

    // What follows belongs to the scheduler.

    internal SequencePhase Phase { get; set; }

    /// <summary>Whether it was cancelled while its pass ran.</summary>
    internal bool IsAbandoned { get; set; }

    internal RwkvXState State { get; private set; } = null!;

    /// <summary>Tokens that have not run.</summary>
    internal ReadOnlyMemory<int> Rest { get; set; }

    /// <summary>Where the logits after the last token go; empty where none are wanted.</summary>
    internal Memory<float> Logits { get; private set; }

    /// <summary>Chooses the token that follows the last one, on the engine; null where none is wanted.</summary>
    internal Sampler? Sampler { get; private set; }

    internal CancellationToken Cancellation { get; private set; }

    internal Exception? Error { get; set; }

    /// <summary>Tokens in the pass being put together or running.</summary>
    internal int Span { get; set; }

    /// <summary>The pass at which it came, less what its priority is worth.</summary>
    internal long Turn { get; set; }

    internal long Arrival { get; set; }

    /// <summary>Runs tokens over a state.</summary>
    /// <param name="state">The state, which nobody else uses until the run has ended.</param>
    /// <param name="tokens">(T) token ids. None is a run that ends at once.</param>
    /// <param name="logits">(V) for those after the last token, or empty.</param>
    /// <param name="cancellationToken">Leaves before the next pass, or inside one that nobody else waits for. The state is then partly advanced, or not valid.</param>
    /// <exception cref="InvalidOperationException">A run has not ended yet.</exception>
    public ValueTask RunAsync(RwkvXState state, ReadOnlyMemory<int> tokens, Memory<float> logits, CancellationToken cancellationToken) =>
        StartAsync(state, tokens, logits, null, cancellationToken);

    /// <summary>Runs tokens over a state and chooses the one that follows, see <see cref="Chosen"/>. The engine must be an <see cref="ISamplingEngine"/>.</summary>
    /// <param name="state">As above.</param>
    /// <param name="tokens">(T) token ids, at least one.</param>
    /// <param name="sampler">Chooses, and counts what it chose.</param>
    /// <param name="cancellationToken">As above.</param>
    /// <exception cref="InvalidOperationException">As above, or as <see cref="Generation.Sampler.Sample"/> throws it.</exception>
    public ValueTask RunAndSampleAsync(RwkvXState state, ReadOnlyMemory<int> tokens, Sampler sampler, CancellationToken cancellationToken) =>
        StartAsync(state, tokens, default, sampler, cancellationToken);

    /// <summary>Gives the seat up. No run may be going on.</summary>
    public void Dispose() => IsStreaming = false;

    /// <summary>Ends the run: whoever awaits it goes on, on this thread.</summary>
    internal void Complete()
    {
        _registration.Unregister(); // does not wait: a callback may be waiting for the scheduler
        _registration = default;
        Exception? error = Error;
        (State, Rest, Logits, Sampler, Error) = (null!, default, default, null, null);
        Phase = SequencePhase.Idle;
        if (error is null)
        {
            _run.SetResult(true);
        }
        else
        {
            _run.SetException(error);
        }
    }

    void IValueTaskSource.GetResult(short token) => _run.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _run.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _run.OnCompleted(continuation, state, token, flags);

    private ValueTask StartAsync(RwkvXState state, ReadOnlyMemory<int> tokens, Memory<float> logits, Sampler? sampler, CancellationToken cancellationToken)
    {
        if (Phase != SequencePhase.Idle)
        {
            throw new InvalidOperationException("A sequence runs one thing at a time: expected the last run to have ended.");
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (tokens.IsEmpty)
        {
            return ValueTask.CompletedTask;
        }

        _run.Reset();
        (State, Rest, Logits, Sampler, Cancellation, Error) = (state, tokens, logits, sampler, cancellationToken, null);
        _registration = cancellationToken.UnsafeRegister(static sequence => ((ScheduledSequence)sequence!).Cancelled(), this);
        short version = _run.Version;
        _scheduler.Submit(this);
        return new ValueTask(this, version);
    }

    private void Cancelled() => _scheduler.Cancelled(this);
}
