namespace RwkvX.AI.Chat;

/// <summary>A request was refused because as many wait already as may: try again later, or elsewhere.</summary>
public sealed class RwkvXOverloadedException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="queueLength">Requests that wait.</param>
    /// <param name="retryAfter">When there may be room, by how long requests took lately.</param>
    public RwkvXOverloadedException(int queueLength, TimeSpan retryAfter)
        : base($"Too many requests: expected room in the queue, found {queueLength} waiting; try again in {Math.Ceiling(retryAfter.TotalSeconds)} s")
    {
        QueueLength = queueLength;
        RetryAfter = retryAfter;
    }

    /// <summary>Requests that wait.</summary>
    public int QueueLength { get; }

    /// <summary>When there may be room: whole seconds, at least one.</summary>
    public TimeSpan RetryAfter { get; }
}
