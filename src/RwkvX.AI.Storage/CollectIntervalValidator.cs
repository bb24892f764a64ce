using Microsoft.Extensions.Options;

namespace RwkvX.AI.Storage;

/// <summary>Checks <see cref="RwkvXStorageOptions.CollectInterval"/>.</summary>
internal sealed class CollectIntervalValidator : IValidateOptions<RwkvXStorageOptions>
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromDays(30);

    public ValidateOptionsResult Validate(string? name, RwkvXStorageOptions options) =>
        options.CollectInterval is { } interval && (interval < Shortest || interval > Longest)
            ? ValidateOptionsResult.Fail($"{nameof(options.CollectInterval)}: expected {Shortest} to {Longest}, found {interval}")
            : ValidateOptionsResult.Success;
}
