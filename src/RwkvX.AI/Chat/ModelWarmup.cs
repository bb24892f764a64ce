using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace RwkvX.AI.Chat;

/// <summary>Loads a model and readies its grammars before the host's other services start, so that the first request does not wait and a wrong file stops the start.</summary>
internal sealed class ModelWarmup(IServiceProvider services, string name) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        RwkvXOptions options = services.GetRequiredService<IOptionsMonitor<RwkvXOptions>>().Get(name);
        return options.LoadAtStart ? Task.Run(() => services.GetRequiredKeyedService<LoadedModel>(name).Grammars.Warm(), cancellationToken) : Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
