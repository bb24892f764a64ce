namespace RwkvX.AI.Cpu;

/// <summary>Lets callers through one at a time in the order of their arrival.</summary>
internal sealed class ArrivalGate
{
    private readonly object _sync = new();
    private readonly LinkedList<object> _queue = new(); // the first is inside

    /// <summary>Waits for the caller's turn.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting; the caller is not inside.</exception>
    public void Enter(CancellationToken cancellationToken = default)
    {
        lock (_sync)
        {
            LinkedListNode<object> turn = _queue.AddLast(_sync);
            if (turn.Previous is null)
            {
                return;
            }

            CancellationTokenRegistration wake = cancellationToken.UnsafeRegister(static gate => ((ArrivalGate)gate!).WakeAll(), this);
            while (turn.Previous is not null && !cancellationToken.IsCancellationRequested)
            {
                Monitor.Wait(_sync);
            }

            wake.Unregister(); // Dispose would wait for a callback that waits for this lock
            if (turn.Previous is not null)
            {
                _queue.Remove(turn);
                Monitor.PulseAll(_sync);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Lets the next one in.</summary>
    public void Exit()
    {
        lock (_sync)
        {
            _queue.RemoveFirst();
            Monitor.PulseAll(_sync);
        }
    }

    private void WakeAll()
    {
        lock (_sync)
        {
            Monitor.PulseAll(_sync);
        }
    }
}
