using System.Diagnostics.CodeAnalysis;

namespace RwkvX.AI.Chat.Requests;

/// <summary>Lets a bounded number of requests run at once; the others wait in a bounded queue, or are refused.</summary>
/// <remarks>
/// Who waited longest comes first; a step of priority counts for <see cref="SecondsPerPriority"/> of waiting. All members may be called from
/// any thread.
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The source has neither timer nor wait handle, and requests may still hold its token.")]
internal sealed class RequestQueue(int maxActive, int maxQueued, TimeProvider time)
{
    private const double SecondsPerPriority = 10;
    private const double NewestShare = 0.1; // in the running mean of how long requests take

    private readonly Lock _sync = new();
    private readonly PriorityQueue<RequestSlot, (double Turn, long Arrival)> _waiting = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _aborting = new();
    private int _active; // running, not counting those that wait for their readers
    private int _begun; // all that have not ended
    private int _queued; // in _waiting and not cancelled or refused
    private long _arrivals;
    private double _meanSeconds = 1;
    private bool _isClosed;

    /// <summary>Requests that run, those that wait for their readers included.</summary>
    public int Active => Volatile.Read(ref _begun);

    /// <summary>Of those, the ones whose readers have fallen behind.</summary>
    public int Suspended
    {
        get
        {
            lock (_sync)
            {
                return _begun - _active;
            }
        }
    }

    /// <summary>Requests that wait.</summary>
    public int Queued => Volatile.Read(ref _queued);

    /// <summary>Whether the next request would be refused because too many wait.</summary>
    public bool IsFull => Queued >= maxQueued && Volatile.Read(ref _active) >= maxActive;

    /// <summary>Whether new requests are refused because the host stops.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Cancelled when the requests that run must end.</summary>
    public CancellationToken Aborting => _aborting.Token;

    /// <summary>Waits until a request may run.</summary>
    /// <param name="priority">Higher ones come earlier; 0 is usual.</param>
    /// <param name="cancellationToken">Leaves the queue.</param>
    /// <returns>Its place; disposing it lets the next one in.</returns>
    /// <exception cref="RwkvXOverloadedException">As many wait as may.</exception>
    /// <exception cref="RwkvXStoppingException">The queue is closed, or was while waiting.</exception>
    public async ValueTask<RequestSlot> EnterAsync(int priority, CancellationToken cancellationToken)
    {
        RequestSlot slot = new(this, time.GetTimestamp());
        lock (_sync)
        {
            if (_isClosed)
            {
                throw new RwkvXStoppingException(wasRunning: false);
            }

            if (_active < maxActive && _queued == 0)
            {
                Admit(slot, slot.Arrival);
                return slot;
            }

            if (_queued >= maxQueued)
            {
                throw new RwkvXOverloadedException(_queued, RetryAfter());
            }

            double waited = time.GetElapsedTime(0, slot.Arrival).TotalSeconds;
            _waiting.Enqueue(slot, (waited - (priority * SecondsPerPriority), _arrivals++));
            _queued++;
        }

        await WaitAsync(slot, cancellationToken).ConfigureAwait(false);
        return slot;
    }

    /// <summary>Refuses new requests, and those that wait; those that run go on.</summary>
    public void Close()
    {
        lock (_sync)
        {
            _isClosed = true;
            RequestSlot[] waiting = [.. _waiting.UnorderedItems.Select(item => item.Element)];
            _waiting.Clear();
            foreach (RequestSlot slot in waiting)
            {
                if (slot.IsResuming)
                {
                    _waiting.Enqueue(slot, (double.MinValue, _arrivals++));
                }
                else if (slot.Admission.TrySetException(new RwkvXStoppingException(wasRunning: false)))
                {
                    _queued--;
                }
            }

            EndDrain();
        }
    }

    /// <summary>After <see cref="Close"/>: waits until the last request has ended.</summary>
    public Task DrainAsync(CancellationToken cancellationToken) => _drained.Task.WaitAsync(cancellationToken);

    /// <summary>Cancels the requests that run.</summary>
    public void Abort() => _aborting.Cancel();

    /// <summary>A running request lets others have its place for a while.</summary>
    internal void Suspend()
    {
        lock (_sync)
        {
            _active--;
            AdmitNext();
        }
    }

    /// <summary>And wants it back, before all that have not begun.</summary>
    internal async ValueTask ResumeAsync(RequestSlot slot, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            if (_active < maxActive)
            {
                _active++;
                return;
            }

            slot.AwaitResumption();
            _waiting.Enqueue(slot, (double.MinValue, _arrivals++));
            _queued++;
        }

        await WaitAsync(slot, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request has ended.</summary>
    internal void Leave(RequestSlot slot)
    {
        lock (_sync)
        {
            double seconds = time.GetElapsedTime(slot.Admitted).TotalSeconds;
            _meanSeconds += NewestShare * (seconds - _meanSeconds);
            _begun--;
            _active -= slot.IsSuspended ? 0 : 1;
            AdmitNext();
            EndDrain();
        }
    }

    private static async ValueTask WaitAsync(RequestSlot slot, CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(static (state, token) => ((RequestSlot)state!).Cancel(token), slot).ConfigureAwait(false))
        {
            await slot.Admission.Task.ConfigureAwait(false);
        }
    }

    /// <summary>A request that waits was cancelled. It is dropped from the queue when its turn comes.</summary>
    internal void Cancel(RequestSlot slot, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            if (slot.Admission.TrySetCanceled(cancellationToken))
            {
                _queued--;
                if (_queued == 0)
                {
                    _waiting.Clear(); // none of them waits any more
                }
            }
        }
    }

    private void AdmitNext()
    {
        while (_active < maxActive && _waiting.TryDequeue(out RequestSlot? next, out _))
        {
            if (next.Admission.Task.IsCompleted)
            {
                continue; // cancelled
            }

            _queued--;
            if (next.IsResuming)
            {
                _active++;
                next.IsResuming = false;
            }
            else
            {
                Admit(next, time.GetTimestamp());
            }

            next.Admission.TrySetResult();
        }
    }

    private void Admit(RequestSlot slot, long now)
    {
        _active++;
        _begun++;
        slot.Admitted = now;
        slot.QueueTime = time.GetElapsedTime(slot.Arrival, slot.Admitted);
    }

    private void EndDrain()
    {
        if (_isClosed && _begun == 0)
        {
            _drained.TrySetResult();
        }
    }

    private TimeSpan RetryAfter() =>
        TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(_meanSeconds * (_queued + 1) / maxActive), 1, 60));
}
