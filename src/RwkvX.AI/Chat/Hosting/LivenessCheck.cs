using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RwkvX.AI.Chat.Hosting;

/// <summary>Whether the engine moves: no pass has run for longer than a given time. A model that is not loaded yet is alive.</summary>
internal sealed class LivenessCheck(ModelStatus status, TimeSpan longestPass) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        TimeSpan running = status.Loaded?.Scheduler.PassRunningFor ?? TimeSpan.Zero;
        return Task.FromResult(running <= longestPass
            ? HealthCheckResult.Healthy("The engine moves.")
            : new HealthCheckResult(
                context.Registration.FailureStatus, FormattableString.Invariant($"An engine pass has run for {running.TotalSeconds:F0} s; expected at most {longestPass.TotalSeconds:F0} s.")));
    }
}
