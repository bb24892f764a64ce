using Microsoft.Extensions.Diagnostics.HealthChecks;
using RwkvX.AI.Chat.Requests;

namespace RwkvX.AI.Chat.Hosting;

/// <summary>
/// Whether requests should be sent here: the model is loaded and warm, and the host is not stopping. A full queue is degraded, and so is a model that
/// is left to the first request to load: without one it would never be ready.
/// </summary>
internal sealed class ReadinessCheck(ModelStatus status, bool loadsAtStart) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check(context.Registration.FailureStatus));

    private HealthCheckResult Check(HealthStatus failure)
    {
        if (status.Loaded is not { } model)
        {
            if (!loadsAtStart && status.Failure is null) return HealthCheckResult.Degraded("The model is loaded by the first request.");
            string reason = status.Failure is null ? "The model is not loaded yet." : "The model could not be loaded.";
            return new HealthCheckResult(failure, reason, status.Failure);
        }

        RequestQueue requests = model.Requests;
        Dictionary<string, object> data = new() { ["model"] = model.ModelId, ["active"] = requests.Active, ["queued"] = requests.Queued };
        return status.IsWarming ? new HealthCheckResult(failure, "The model is warming up.", data: data)
            : requests.IsClosed ? new HealthCheckResult(failure, "The host is stopping.", data: data)
            : requests.IsFull ? HealthCheckResult.Degraded($"The queue is full: {requests.Queued} requests wait.", data: data)
            : HealthCheckResult.Healthy($"{model.ModelId} is ready.", data);
    }
}
