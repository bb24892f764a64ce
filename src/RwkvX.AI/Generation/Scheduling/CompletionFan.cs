namespace RwkvX.AI.Generation.Scheduling;

/// <summary>Lets many sequences go on at once: what follows their runs (sampling, text) is spread over the cores.</summary>
/// <remarks>
/// The caller takes sequences too, and waits only for those that a helper has begun: where the thread pool is busy, it does all of them.
/// </remarks>
internal sealed class CompletionFan
{
    private const int SequencesPerHelper = 4; // fewer are done before a helper wakes

    private readonly int _maxHelpers = Environment.ProcessorCount - 1;

    /// <summary>Completes sequences; when it returns, each has gone as far as it can without waiting.</summary>
    public void Complete(List<ScheduledSequence> sequences)
    {
        int helpers = Math.Min(_maxHelpers, sequences.Count / SequencesPerHelper);
        if (helpers == 0)
        {
            sequences.ForEach(static sequence => sequence.Complete());
            return;
        }

        Round round = new([.. sequences]);
        for (int i = 0; i < helpers; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(round, preferLocal: false);
        }

        round.Execute();
        round.WaitForHelpers();
    }

    /// <summary>One pass's sequences. A helper that comes too late finds none left.</summary>
    private sealed class Round(ScheduledSequence[] sequences) : IThreadPoolWorkItem
    {
        private int _taken;
        private int _completed;

        public void Execute()
        {
            int completed = 0;
            for (int i = Next(); i < sequences.Length; i = Next())
            {
                sequences[i].Complete();
                completed++;
            }

            Interlocked.Add(ref _completed, completed);
        }

        public void WaitForHelpers()
        {
            SpinWait spin = default;
            while (Volatile.Read(ref _completed) < sequences.Length)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }

        private int Next() => Interlocked.Increment(ref _taken) - 1;
    }
}
