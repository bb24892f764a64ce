namespace RwkvX.AI.Generation.Scheduling;

/// <summary>A thread that runs one action each time it is woken, and ends when it was not for a while.</summary>
/// <remarks>Not one of the thread pool's: an engine may be busy for hours.</remarks>
internal sealed class PassThread(Action action)
{
    private const int IdleMilliseconds = 2000; // afterwards nothing keeps the model alive

    private readonly object _sync = new();
    private bool _isAlive;
    private bool _isWoken;

    /// <summary>Runs the action soon. Not to be called again before that run has ended.</summary>
    public void Wake()
    {
        lock (_sync)
        {
            _isWoken = true;
            if (_isAlive)
            {
                Monitor.Pulse(_sync);
                return;
            }

            _isAlive = true;
        }

        new Thread(Loop) { IsBackground = true, Name = "RwkvX passes" }.UnsafeStart();
    }

    private void Loop()
    {
        while (IsWoken())
        {
            action();
        }
    }

    private bool IsWoken()
    {
        lock (_sync)
        {
            while (!_isWoken)
            {
                if (!Monitor.Wait(_sync, IdleMilliseconds) && !_isWoken)
                {
                    _isAlive = false;
                    return false;
                }
            }

            _isWoken = false;
            return true;
        }
    }
}
