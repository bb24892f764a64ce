using Microsoft.Extensions.Options;

namespace RwkvX.AI.AspNetCore;

/// <summary>Checks <see cref="RwkvXEndpointOptions"/>; every message names the key of the configuration.</summary>
internal sealed class RwkvXEndpointOptionsValidator : IValidateOptions<RwkvXEndpointOptions>
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RwkvXEndpointOptions options)
    {
        ValidateOptionsResultBuilder result = new();
        if (options.ApiKey is { } key && string.IsNullOrWhiteSpace(key)) Add(result, nameof(options.ApiKey), "a text (or null for no key)", "an empty one");
        CheckRange(result, nameof(options.MaxRequestBodyBytes), 1, 1 << 30, options.MaxRequestBodyBytes);
        CheckRange(result, nameof(options.MaxMessages), 1, int.MaxValue, options.MaxMessages);
        CheckRange(result, nameof(options.MaxInputCharacters), 1, long.MaxValue, options.MaxInputCharacters);
        CheckRange(result, nameof(options.MaxOutputTokens), 1, int.MaxValue, options.MaxOutputTokens ?? 1);
        CheckRange(result, nameof(options.RequestTimeout), TimeSpan.FromMilliseconds(1), Day, options.RequestTimeout);
        CheckRange(result, nameof(options.KeepAliveInterval), TimeSpan.FromMilliseconds(1), Day, options.KeepAliveInterval);
        return result.Build();
    }

    private static void CheckRange<T>(ValidateOptionsResultBuilder result, string name, T least, T most, T value)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0) Add(result, name, $"{least} to {most}", $"{value}");
    }

    private static void Add(ValidateOptionsResultBuilder result, string name, string expected, string found) =>
        result.AddError($"{EndpointBinding.Section}:{name}: expected {expected}, found {found}");
}
