using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace RwkvX.AI.Chat.Hosting;

/// <summary>
/// Loads and warms a model before the host's other services start, so that the first request does not wait and a wrong file stops the start.
/// When the host stops, new requests are refused and those that run may end within its time.
/// </summary>
internal sealed class ModelLifetime(IServiceProvider services, string name) : IHostedLifecycleService
{
    private readonly ModelStatus _status = services.GetRequiredKeyedService<ModelStatus>(name);
    private readonly ILogger _logger = services.GetService<ILogger<RwkvXChatClient>>() ?? (ILogger)NullLogger.Instance;

    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (services.GetRequiredService<IOptionsMonitor<RwkvXOptions>>().Get(name).LoadAtStart)
        {
            _status.IsWarming = true;
            LoadedModel model = await Task.Run(() => services.GetRequiredKeyedService<LoadedModel>(name), cancellationToken).ConfigureAwait(false);
            await model.WarmAsync(cancellationToken).ConfigureAwait(false);
            _status.IsWarming = false;
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _status.Loaded?.Requests.Close();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_status.Loaded?.Requests is not { } requests)
        {
            return;
        }

        try
        {
            await requests.DrainAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ChatLog.Cut(_logger, requests.Active);
            requests.Abort();
        }
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
