namespace RwkvX.AI.Chat.Requests;

/// <summary>A request's place among those that run. Disposing it lets the next one in.</summary>
internal sealed class RequestSlot(RequestQueue queue, long arrival) : IDisposable
{
    private int _isDisposed;

    /// <summary>How long the request waited for its place.</summary>
    public TimeSpan QueueTime { get; internal set; }

    // What follows belongs to the queue.

    internal long Arrival { get; } = arrival;

    internal long Admitted { get; set; }

    /// <summary>Ends when the request may run, or go on.</summary>
    internal TaskCompletionSource Admission { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal bool IsSuspended { get; private set; }

    internal bool IsResuming { get; set; }

    /// <summary>Lets others run while this request cannot.</summary>
    public void Suspend()
    {
        IsSuspended = true;
        queue.Suspend();
    }

    /// <summary>Waits until it may go on.</summary>
    public async ValueTask ResumeAsync(CancellationToken cancellationToken)
    {
        await queue.ResumeAsync(this, cancellationToken).ConfigureAwait(false);
        IsSuspended = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            queue.Leave(this);
        }
    }

    internal void AwaitResumption()
    {
        IsResuming = true;
        Admission = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    internal void Cancel(CancellationToken cancellationToken) => queue.Cancel(this, cancellationToken);
}
