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
    private const int Ahead = 3; // steps

    private readonly Queue<Task<TrainingBatch[]>> _queue = [];
    private readonly float[] _kindWeights = KindWeights(stage);
    private readonly CancellationTokenSource _stop = new();
    private int _next = firstStep;

    /// <summary>The batches of the next step.</summary>
    public TrainingBatch[] Take()
    {
        while (_queue.Count <= Ahead && _next < stage.Steps)
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

    /// <summary>By <see cref="TokenKind"/>: 1 where the plan says nothing, 0 for padding.</summary>
    internal static float[] KindWeights(StagePlan stage)
    {
        float[] weights = [.. Enum.GetValues<TokenKind>().Select(kind => kind == TokenKind.Padding ? 0f : 1f)];
        foreach ((string kind, double weight) in stage.LossWeights ?? new Dictionary<string, double>())
            weights[(int)Enum.Parse<TokenKind>(kind, ignoreCase: true)] = (float)weight;
        return weights;
    }

    private TrainingBatch[] Read(int step) =>
    [
        .. Enumerable.Range(0, stage.Accumulate).Where(part => part % group.Size == group.Rank).Select(part => Read(((long)step * stage.Accumulate) + part)),
    ];

    private TrainingBatch Read(long batch)
    {
        bool forgets = stage.Forgets(batch);
        ISequenceSource from = forgets ? forgetting ?? source : source;
        return TrainingBatch.Read(from, batch * stage.Batch, stage.Batch, stage.Length, _kindWeights, _stop.Token) with { Forgets = forgets };
    }
}
