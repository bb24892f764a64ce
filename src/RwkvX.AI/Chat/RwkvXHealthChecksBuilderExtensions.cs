using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using RwkvX.AI.Chat;
using RwkvX.AI.Chat.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds health checks of RWKV-X models.</summary>
public static class RwkvXHealthChecksBuilderExtensions
{
    /// <summary>Adds two checks of a registered model: <c>rwkvx-ready</c>, tagged <c>ready</c>, and <c>rwkvx-live</c>, tagged <c>live</c>.</summary>
    /// <remarks>
    /// Ready: loaded, warm and not stopping; degraded while the queue is full, or before the first request where that one loads the model. Live: no engine pass has run for longer than
    /// <paramref name="longestPass"/>. Neither loads the model.
    /// </remarks>
    /// <param name="builder">From <c>services.AddHealthChecks()</c>.</param>
    /// <param name="serviceKey">The model's key, which the names then begin with; null for the one without.</param>
    /// <param name="longestPass">Null for one minute.</param>
    public static IHealthChecksBuilder AddRwkvX(this IHealthChecksBuilder builder, string? serviceKey = null, TimeSpan? longestPass = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        string key = serviceKey ?? Options.Options.DefaultName, name = serviceKey is null ? "rwkvx" : $"{serviceKey}-rwkvx";
        TimeSpan longest = longestPass ?? TimeSpan.FromMinutes(1);
        builder.Add(new HealthCheckRegistration($"{name}-ready", provider => new ReadinessCheck(Status(provider, key), LoadsAtStart(provider, key)), failureStatus: null, tags: ["ready"]));
        return builder.Add(
            new HealthCheckRegistration($"{name}-live", provider => new LivenessCheck(Status(provider, key), longest), failureStatus: null, tags: ["live"]));
    }

    private static bool LoadsAtStart(IServiceProvider provider, string key) => provider.GetRequiredService<IOptionsMonitor<RwkvXOptions>>().Get(key).LoadAtStart;

    private static ModelStatus Status(IServiceProvider provider, string key) => provider.GetKeyedService<ModelStatus>(key)
        ?? throw new InvalidOperationException($"AddHealthChecks().AddRwkvX: expected a model registered {(key.Length == 0 ? "without a key" : $"under '{key}'")}, found none");
}
