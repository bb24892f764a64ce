using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using RwkvX.AI.Memory;

namespace RwkvX.AI.Chat.Hosting;

/// <summary>Takes options from the configuration of the host: from <c>RwkvX</c>, and for a model under a key from <c>RwkvX:key</c>.</summary>
/// <param name="configuration">The host's; null where there is none.</param>
internal sealed class OptionsBinding(IConfiguration? configuration) : IConfigureNamedOptions<RwkvXOptions>
{
    private const string Section = "RwkvX";

    // Objects (a template, a store) come from code.
    private static readonly string[] Keys =
        [.. typeof(RwkvXOptions).GetProperties().Where(property => !property.PropertyType.IsInterface).Select(property => property.Name)];

    /// <inheritdoc/>
    public void Configure(string? name, RwkvXOptions options)
    {
        options.ConfigurationPath = string.IsNullOrEmpty(name) ? Section : $"{Section}:{name}";
        if (configuration is not null)
        {
            Bind(configuration.GetSection(options.ConfigurationPath), options);
        }
    }

    /// <inheritdoc/>
    public void Configure(RwkvXOptions options) => Configure(Options.DefaultName, options);

    /// <summary>Takes options from a section.</summary>
    /// <exception cref="OptionsValidationException">A key is unknown, or its value cannot be read; the message names it.</exception>
    public static void Bind(IConfiguration section, RwkvXOptions options)
    {
        // A section inside may be another part's (the endpoint's, another model's); a value can only be meant for us.
        string[] unknown = [.. section.GetChildren()
            .Where(child => child.Value is not null && !Keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .Select(child => $"{child.Path}: expected one of {string.Join(", ", Keys)}, found '{child.Value}' under a key that none of them has")];
        if (unknown.Length > 0)
        {
            throw new OptionsValidationException(nameof(RwkvXOptions), typeof(RwkvXOptions), unknown);
        }

        try
        {
            section.Bind(options);
            if (section[nameof(options.Retention)] is { } retention)
            {
                options.Retention = RetentionPolicy.Parse(retention);
            }
        }
        catch (FormatException e)
        {
            throw new OptionsValidationException(nameof(RwkvXOptions), typeof(RwkvXOptions), [$"{options.Key(nameof(options.Retention))}: {e.Message}"]);
        }
        catch (InvalidOperationException e)
        {
            throw new OptionsValidationException(nameof(RwkvXOptions), typeof(RwkvXOptions), [e.Message]); // names the key, the type and the value
        }
    }
}
