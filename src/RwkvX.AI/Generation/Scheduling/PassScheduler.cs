using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RwkvX.AI.Models;

namespace RwkvX.AI.Generation.Scheduling;

/// <summary>Runs what many requests want of one engine together: every pass takes a step of each running stream, and spans of prompts beside them.</summary>
/// <remarks>
/// <para>Whoever submits while nobody drives runs the pass on its own thread, so a request that is alone never changes threads. Once others
/// wait, a thread of the scheduler's own drives until nothing is left. See docs/decisions/0008.</para>
/// <para>What a sequence computes is what it would compute alone: the engine's law, see <see cref="IRwkvXModel"/>.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source of cancellation has no timer and no wait handle: nothing to give back.")]
internal sealed class PassScheduler
{
    private static readonly ConditionalWeakTable<IRwkvXModel, PassScheduler> Schedulers = [];

    private readonly IRwkvXModel _model;
    private readonly ISamplingEngine? _samplingEngine;
    private readonly TimeProvider _time;
    private readonly Lock _sync = new();
    private readonly List<ScheduledSequence> _waiting = [];
    private readonly PassThread _thread;
    private readonly ConcurrentBag<float[]> _logits = [];
    private int _streaming;
    private long _arrivals;
    private long _passBegun; // timestamp; 0 where none runs
    private bool _isDriven;

    // Of the running pass; only the driver touches these, but for the two that cancelling needs.
    private readonly List<ScheduledSequence> _pass = [];
    private readonly List<ScheduledSequence> _ended = [];
    private readonly PassPlan _plan = new();
    private readonly PassPace _pace = new();
    private readonly CompletionFan _fan = new();
    private ForwardItem[] _items = [];
    private Sampler?[] _samplers = [];
    private int[] _chosen = [];
    private CancellationTokenSource _stop = new(); // under _sync
    private int _wanted; // under _sync: sequences in the pass that were not cancelled

    /// <summary>A scheduler of its own for an engine; <see cref="For"/> gives the shared one.</summary>
    public PassScheduler(IRwkvXModel model, TimeProvider? time = null)
    {
        _model = model;
        _samplingEngine = model as ISamplingEngine;
        _time = time ?? TimeProvider.System;
        _thread = new PassThread(DriveAll);
    }

    /// <summary>The engine.</summary>
    public IRwkvXModel Model => _model;

    /// <summary>Whether runs may end in a choice made where the engine calculates.</summary>
    public bool CanSample => _samplingEngine is not null;

    /// <summary>Passes run so far.</summary>
    public long Passes { get; private set; }

    /// <summary>For how long the running pass has run; zero where none does.</summary>
    public TimeSpan PassRunningFor => Interlocked.Read(ref _passBegun) is var begun and not 0 ? _time.GetElapsedTime(begun) : TimeSpan.Zero;

    /// <summary>Sequences that wait for a pass.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_sync)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>The one scheduler of an engine, for everything in the process that runs it.</summary>
    public static PassScheduler For(IRwkvXModel model) => Schedulers.GetValue(model, static model => new PassScheduler(model));

    /// <summary>A seat for one sequence.</summary>
    /// <param name="limits">How long it may keep the engine from others; null for the usual.</param>
    /// <param name="priority">Higher ones come earlier; 0 is usual.</param>
    public ScheduledSequence Open(PassLimits? limits = null, int priority = 0) => new(this, limits ?? PassLimits.Default, priority);

    /// <summary>(V) floats for logits, to be given back.</summary>
    public float[] RentLogits() => _logits.TryTake(out float[]? logits) ? logits : new float[_model.Config.VocabSize];

    /// <summary>Takes back what <see cref="RentLogits"/> gave.</summary>
    public void ReturnLogits(float[] logits) => _logits.Add(logits);

    internal void CountStreaming(int change) => Interlocked.Add(ref _streaming, change);

    /// <summary>Takes a sequence in; runs it here where nobody drives.</summary>
    internal void Submit(ScheduledSequence sequence)
    {
        lock (_sync)
        {
            if (sequence.Cancellation.IsCancellationRequested)
            {
                sequence.Error = new OperationCanceledException(sequence.Cancellation);
            }
            else
            {
                Enqueue(sequence);
                if (_isDriven)
                {
                    return;
                }

                _isDriven = true;
            }
        }

        if (sequence.Error is not null)
        {
            sequence.Complete();
            return;
        }

        while (sequence.Phase != SequencePhase.Idle)
        {
            RunPass();
        }

        bool isOver;
        lock (_sync)
        {
            isOver = _waiting.Count == 0;
            _isDriven = !isOver;
        }

        if (!isOver)
        {
            _thread.Wake();
        }
    }

    /// <summary>A sequence's token was cancelled: it leaves the queue, or the pass if nobody wants that any more.</summary>
    internal void Cancelled(ScheduledSequence sequence)
    {
        CancellationTokenSource? stop = null;
        lock (_sync)
        {
            if (!sequence.Cancellation.IsCancellationRequested)
            {
                return; // a late callback of an earlier run
            }

            if (sequence.Phase == SequencePhase.Waiting)
            {
                _waiting.Remove(sequence);
                sequence.Phase = SequencePhase.Ending;
                sequence.Error = new OperationCanceledException(sequence.Cancellation);
            }
            else
            {
                if (sequence.Phase != SequencePhase.Running || sequence.IsAbandoned)
                {
                    return;
                }

                sequence.IsAbandoned = true;
                if (--_wanted > 0)
                {
                    return;
                }

                stop = _stop;
            }
        }

        if (stop is not null)
        {
            stop.Cancel();
        }
        else
        {
            // Not on the thread of whoever cancels: it may hold locks.
            ThreadPool.UnsafeQueueUserWorkItem(static sequence => sequence.Complete(), sequence, preferLocal: false);
        }
    }

    private void DriveAll()
    {
        while (true)
        {
            RunPass();
            lock (_sync)
            {
                if (_waiting.Count == 0)
                {
                    _isDriven = false;
                    return;
                }
            }
        }
    }

    private void RunPass()
    {
        CancellationToken stop;
        lock (_sync)
        {
            _plan.Choose(_waiting, _pass, Volatile.Read(ref _streaming) > 0, _pace);
            _pass.ForEach(static sequence => (sequence.Phase, sequence.IsAbandoned) = (SequencePhase.Running, false));
            _wanted = _pass.Count;
            stop = _stop.Token;
        }

        if (_pass.Count == 0)
        {
            return;
        }

        long begun = _time.GetTimestamp();
        Interlocked.Exchange(ref _passBegun, begun);
        if (Run(stop))
        {
            _pace.Observe(_plan.Steps, _plan.PromptTokens, _time.GetElapsedTime(begun));
        }

        Interlocked.Exchange(ref _passBegun, 0);
        lock (_sync)
        {
            Passes++;
            End();
        }

        _pass.Clear();
        _fan.Complete(_ended);
        _ended.Clear();
    }

    /// <summary>The engine's pass. Each sequence that it fails gets its error.</summary>
    /// <returns>Whether all of it ran.</returns>
    private bool Run(CancellationToken stop)
    {
        if (_items.Length < _pass.Count)
        {
            _items = new ForwardItem[Math.Max(_pass.Count, 2 * _items.Length)];
            (_samplers, _chosen) = (new Sampler?[_items.Length], new int[_items.Length]);
        }

        Span<ForwardItem> items = _items.AsSpan(0, _pass.Count);
        for (int i = 0; i < items.Length; i++)
        {
            ScheduledSequence sequence = _pass[i];
            bool isLast = sequence.Span == sequence.Rest.Length;
            items[i] = new ForwardItem(sequence.State, sequence.Rest[..sequence.Span], isLast ? sequence.Logits : default);
            _samplers[i] = isLast ? sequence.Sampler : null;
        }

        try
        {
            Forward(items, 0, stop);
            return true;
        }
        catch (Exception error)
        {
            RunAlone(items, error, stop);
            return false;
        }
        finally
        {
            items.Clear();
            _samplers.AsSpan(0, _pass.Count).Clear();
        }
    }

    /// <summary>The engine's pass over some of the sequences, <paramref name="first"/> and those after it.</summary>
    private void Forward(ReadOnlySpan<ForwardItem> items, int first, CancellationToken stop)
    {
        ReadOnlySpan<Sampler?> samplers = _samplers.AsSpan(first, items.Length);
        if (samplers.IndexOfAnyExcept((Sampler?)null) < 0)
        {
            _model.Forward(items, stop);
            return;
        }

        Span<int> chosen = _chosen.AsSpan(first, items.Length);
        _samplingEngine!.ForwardAndSample(items, samplers, chosen, stop);
        for (int i = 0; i < items.Length; i++)
        {
            if (samplers[i] is not null)
            {
                ScheduledSequence sequence = _pass[first + i];
                sequence.Chosen = chosen[i];
                sequence.Error = chosen[i] < 0 ? Sampler.ErrorOf(chosen[i]) : null;
            }
        }
    }

    /// <summary>After a pass that failed: states that are still valid were not touched, so theirs was not the fault; each gets a pass to itself.</summary>
    private void RunAlone(ReadOnlySpan<ForwardItem> items, Exception error, CancellationToken stop)
    {
        for (int i = 0; i < items.Length; i++)
        {
            _pass[i].Error = error;
            if (items.Length == 1 || error is OperationCanceledException || !items[i].State.IsValid)
            {
                continue;
            }

            try
            {
                _pass[i].Error = null;
                Forward(items.Slice(i, 1), i, stop);
            }
            catch (Exception own)
            {
                _pass[i].Error = own;
            }
        }
    }

    /// <summary>Sorts the sequences of a pass into those that have ended and those that go on waiting.</summary>
    private void End()
    {
        if (_wanted == 0)
        {
            _stop = new CancellationTokenSource(); // the other one is, or is about to be, cancelled
        }

        foreach (ScheduledSequence sequence in CollectionsMarshal.AsSpan(_pass))
        {
            sequence.Rest = sequence.Rest[sequence.Span..];
            sequence.Spans?.Add(sequence.Span);
            bool isCancelled = sequence.Cancellation.IsCancellationRequested && (sequence.Error is not null || !sequence.Rest.IsEmpty);
            if (isCancelled)
            {
                sequence.Error = new OperationCanceledException(sequence.Cancellation);
            }

            if (sequence.Error is null && !sequence.Rest.IsEmpty)
            {
                Enqueue(sequence);
            }
            else
            {
                sequence.Phase = SequencePhase.Ending;
                _ended.Add(sequence);
            }
        }
    }

    private void Enqueue(ScheduledSequence sequence)
    {
        sequence.Phase = SequencePhase.Waiting;
        sequence.Turn = Passes - ((long)sequence.Priority * PassPlan.PassesPerPriority);
        sequence.Arrival = _arrivals++;
        _waiting.Add(sequence);
    }
}
