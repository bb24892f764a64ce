using System.Collections.Concurrent;
using System.Diagnostics;

namespace RwkvX.AI.Testing.Chat;

/// <summary>Keeps the activities of one source that end while it lives.</summary>
public sealed class ActivityCollector : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;

    /// <param name="source">The source's name.</param>
    public ActivityCollector(string source)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate.Name == source,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The activities that have ended.</summary>
    public IReadOnlyCollection<Activity> Ended => _ended;

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
