namespace RwkvX.AI.Chat;

/// <summary>A request came, or still waited, when the host was stopping; or it ran, and the time to stop was over.</summary>
public sealed class RwkvXStoppingException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="wasRunning">Whether the request had begun.</param>
    /// <param name="innerException">What ended it; null for one that had not begun.</param>
    public RwkvXStoppingException(bool wasRunning, Exception? innerException = null)
        : base(wasRunning ? "The host stopped before the answer was complete." : "The host is stopping: no new requests are taken.", innerException) =>
        WasRunning = wasRunning;

    /// <summary>Whether the request had begun; parts of its answer may have gone out.</summary>
    public bool WasRunning { get; }
}
