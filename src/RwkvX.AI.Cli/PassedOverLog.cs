using Microsoft.Extensions.Logging;
using RwkvX.AI.Chat;

namespace RwkvX.AI.Cli;

/// <summary>Hears from a chat client's log why it did not take a GPU.</summary>
internal sealed class PassedOverLog : ILogger<RwkvXChatClient>
{
    /// <summary>Why; null where it was not said.</summary>
    public string? Reason { get; private set; }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name == nameof(ChatLog.GpuPassedOver) && state is IEnumerable<KeyValuePair<string, object?>> values)
            Reason = values.First(value => value.Key == "Reason").Value as string;
    }
}
