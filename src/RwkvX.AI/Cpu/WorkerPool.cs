using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace RwkvX.AI.Cpu;

/// <summary>
/// Threads that run one body together (SPMD): every worker executes the same code on its slice, with barriers between.
/// </summary>
/// <remarks>
/// A forward pass is one <see cref="Run"/>, so threads meet at barriers (well under a microsecond while they spin) instead of being
/// woken for every kernel. Whoever waits spins for <see cref="SpinMicroseconds"/> and then sleeps: an idle pool costs no processor time.
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>How long a waiting thread spins before it sleeps: longer than the imbalance of slices, far shorter than a time slice.</summary>
    private const int SpinMicroseconds = 50;

    private static readonly long SpinTicks = Stopwatch.Frequency * SpinMicroseconds / 1_000_000;

    private readonly Lock _caller = new();
    private readonly object _sleep = new();
    private readonly Worker[] _workers;
    private readonly Thread[] _threads;
    private readonly bool _spin;

    private Action<Worker>? _body;
    private ExceptionDispatchInfo? _failure;
    private int _run;       // counts runs; workers wait for it to move
    private int _finished;  // workers that ended the body of this run
    private int _arrived;   // workers at the current barrier
    private int _barrier;   // counts barriers passed; waiters wait for it to move
    private int _sleepers;
    private bool _stop;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Workers including the caller's thread; 0 = all cores. With 1 no thread is made.</param>
    public WorkerPool(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        int count = threads == 0 ? Environment.ProcessorCount : threads;
        _spin = count <= Environment.ProcessorCount; // with more threads than cores, spinning keeps the awaited one from running
        _workers = new Worker[count];
        for (int i = 0; i < count; i++)
        {
            _workers[i] = new Worker(this, i, count);
        }

        _threads = new Thread[count - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            Worker worker = _workers[i + 1];
            _threads[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"RwkvX worker {i + 1}" };
            _threads[i].Start();
        }
    }

    private enum Wait
    {
        Run,
        Barrier,
        Finish,
    }

    /// <summary>Number of workers.</summary>
    public int Count => _workers.Length;

    /// <summary>Runs <paramref name="body"/> on every worker at once and returns when all have ended. Callers take turns.</summary>
    /// <remarks>If a worker throws, those at barriers are released, and its exception reaches the caller.</remarks>
    /// <exception cref="InvalidOperationException">Called from inside a body.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public void Run(Action<Worker> body)
    {
        if (_caller.IsHeldByCurrentThread)
        {
            throw new InvalidOperationException("A body may not start another run of its pool.");
        }

        lock (_caller)
        {
            ObjectDisposedException.ThrowIf(_stop, this);
            _body = body;
            _failure = null;
            _arrived = 0;
            _finished = 0;
            Interlocked.Increment(ref _run);
            WakeSleepers();
            Execute(_workers[0]);
            WaitFor(Wait.Finish, Count);
            _body = null;
            _failure?.Throw();
        }
    }

    /// <summary>Waits for a run to end, then ends the threads.</summary>
    public void Dispose()
    {
        lock (_caller)
        {
            if (_stop)
            {
                return;
            }

            _stop = true;
            Interlocked.Increment(ref _run);
            WakeSleepers();
            foreach (Thread thread in _threads)
            {
                thread.Join();
            }

            foreach (Worker worker in _workers)
            {
                worker.Dispose();
            }
        }
    }

    internal void Barrier()
    {
        int barrier = Volatile.Read(ref _barrier);
        if (Interlocked.Increment(ref _arrived) == Count)
        {
            _arrived = 0;
            Interlocked.Increment(ref _barrier);
            WakeSleepers();
        }
        else
        {
            WaitFor(Wait.Barrier, barrier);
        }

        if (Volatile.Read(ref _failure) is not null)
        {
            throw new OperationCanceledException("Another worker of this run failed.");
        }
    }

    private void Loop(Worker worker)
    {
        for (int run = 0; ; run++)
        {
            WaitFor(Wait.Run, run);
            if (_stop)
            {
                return;
            }

            Execute(worker);
        }
    }

    private void Execute(Worker worker)
    {
        try
        {
            _body!(worker);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
        }

        Interlocked.Increment(ref _finished);
        WakeSleepers();
    }

    private bool IsOver(Wait wait, int seen)
    {
        switch (wait)
        {
            case Wait.Run:
                return Volatile.Read(ref _run) != seen;
            case Wait.Finish:
                return Volatile.Read(ref _finished) == seen;
            default:
                int finished = Volatile.Read(ref _finished); // read before _barrier: a worker that passed this barrier may end soon after
                if (Volatile.Read(ref _barrier) != seen)
                {
                    return true;
                }

                if (finished > 0) // one that will never come
                {
                    Interlocked.CompareExchange(
                        ref _failure, ExceptionDispatchInfo.Capture(new InvalidOperationException("A worker ended its body before a barrier.")), null);
                    return true;
                }

                return false;
        }
    }

    private void WaitFor(Wait wait, int seen)
    {
        long started = 0;
        for (int spins = 1; _spin; spins++)
        {
            if (IsOver(wait, seen))
            {
                return;
            }

            Thread.SpinWait(1);
            if (spins % 32 == 0)
            {
                long now = Stopwatch.GetTimestamp();
                started = started == 0 ? now : started;
                if (now - started > SpinTicks)
                {
                    break;
                }

                Thread.Yield(); // on a busy machine the one waited for may be waiting for this core
            }
        }

        lock (_sleep)
        {
            Interlocked.Increment(ref _sleepers); // a full fence: either we see the change below, or its maker sees a sleeper
            while (!IsOver(wait, seen))
            {
                Monitor.Wait(_sleep);
            }

            _sleepers--;
        }
    }

    private void WakeSleepers() // callers have just made their change with an interlocked operation, a full fence
    {
        if (Volatile.Read(ref _sleepers) > 0)
        {
            lock (_sleep)
            {
                Monitor.PulseAll(_sleep);
            }
        }
    }
}
