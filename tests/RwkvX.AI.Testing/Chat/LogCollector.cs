using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RwkvX.AI.Testing.Chat;

/// <summary>Keeps every line that is logged, of every level.</summary>
public sealed class LogCollector : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = [];

    /// <summary>The lines so far.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider)
    {
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
