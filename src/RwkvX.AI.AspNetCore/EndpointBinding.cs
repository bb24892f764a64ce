using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace RwkvX.AI.AspNetCore;

/// <summary>Takes options from the section <c>RwkvX:Endpoint</c>; a misspelt key is an error, as a misspelt <c>ApiKey</c> would leave the door open.</summary>
/// <param name="configuration">The host's; null where there is none.</param>
internal sealed class EndpointBinding(IConfiguration? configuration) : IConfigureOptions<RwkvXEndpointOptions>
{
    /// <summary>Where the options are looked for.</summary>
    public const string Section = "RwkvX:Endpoint";

    private static readonly string[] Keys = [.. typeof(RwkvXEndpointOptions).GetProperties().Select(property => property.Name)];

    /// <inheritdoc/>
    /// <exception cref="OptionsValidationException">A key is unknown, or its value cannot be read; the message names it.</exception>
    public void Configure(RwkvXEndpointOptions options)
    {
        if (configuration is null) return;
        IConfigurationSection section = configuration.GetSection(Section);
        string[] unknown = [.. section.GetChildren()
            .Where(child => !Keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .Select(child => $"{child.Path}: expected one of {string.Join(", ", Keys)}, found a key that none of them has")]; // its value may be a secret
        if (unknown.Length > 0) throw Invalid(unknown);
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            throw Invalid(e.Message); // names the key, the type and the value
        }
    }

    private static OptionsValidationException Invalid(params string[] failures) =>
        new(nameof(RwkvXEndpointOptions), typeof(RwkvXEndpointOptions), failures);
}
