using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Distributed;
using RwkvX.AI.Training.Plans;

namespace RwkvX.AI.Training.Runs;

/// <summary>Reads one process's batches of a stage ahead of their use, on other threads.</summary>
/// <param name="source">The stage's sequences.</param>
/// <param name="forgetting">Those of batches that forget; null for the same.</param>
/// <param name="stage">Sizes and weights.</param>
/// <param name="firstStep">The step that is taken first.</param>
/// <param name="group">Its processes share the batches of a step.</param>
internal sealed class BatchQueue(ISequenceSource source, ISequenceSource? forgetting, StagePlan stage, int firstStep, IProcessGroup group) : IDisposable
{
    private readonly Queue<Task<TrainingBatch[]>> _queue = [];
    private readonly TokenWeights _tokenWeights = new(stage);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _ahead = Math.Clamp(Environment.ProcessorCount / group.Size, 3, 12); // steps, each read by a thread
    private int _next = firstStep;

    /// <summary>The batches of the next step.</summary>
    public TrainingBatch[] Take()
    {
        while (_queue.Count <= _ahead && _next < stage.Steps)
        {
            int step = _next++;
            _queue.Enqueue(Task.Run(() => Read(step)));
        }

        return _queue.Dequeue().GetAwaiter().GetResult();
    }

    /// <summary>Ends what is still being read, so that the source may be closed.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Task.WhenAll(_queue).ContinueWith(static _ => { }, TaskScheduler.Default).Wait(); // what went wrong there concerns nobody any more
        _stop.Dispose();
    }

    private TrainingBatch[] Read(int step) =>
    [
        .. Enumerable.Range(0, stage.Accumulate).Where(part => part % group.Size == group.Rank).Select(part => Read(((long)step * stage.Accumulate) + part)),
    ];

    private TrainingBatch Read(long batch)
    {
        bool forgets = stage.Forgets(batch);
        ISequenceSource from = forgets ? forgetting ?? source : source;
        return TrainingBatch.Read(from, batch * stage.Batch, stage, _tokenWeights, _stop.Token) with { Forgets = forgets };
    }
}
