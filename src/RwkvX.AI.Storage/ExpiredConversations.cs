using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Storage;

/// <summary>Deletes what is over its time, now and then, while the host runs: what nobody finds any more does not stay on disk either.</summary>
internal sealed partial class ExpiredConversations(Func<IStateStore> store, IOptions<RwkvXStorageOptions> options, TimeProvider clock, ILogger<ExpiredConversations> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.CollectInterval is not { } interval) return;
        using PeriodicTimer timer = new(interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false)) await CollectAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what is left goes the next time.
        }
    }

    private async Task CollectAsync(CancellationToken cancellationToken)
    {
        try
        {
            CollectResult collected = await store().CollectAsync(cancellationToken).ConfigureAwait(false);
            if (collected.Expired > 0) Collected(logger, collected.Expired, collected.BytesRemoved);
        }
        catch (StateStoreException e)
        {
            Failed(logger, e);
        }
    }

    [LoggerMessage(30, LogLevel.Information, "{Conversations} conversations were over their time and deleted: {Bytes} bytes")]
    private static partial void Collected(ILogger logger, int conversations, long bytes);

    [LoggerMessage(31, LogLevel.Warning, "Conversations that are over their time could not be deleted")]
    private static partial void Failed(ILogger logger, Exception exception);
}
