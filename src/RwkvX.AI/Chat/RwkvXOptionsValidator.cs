using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace RwkvX.AI.Chat;

/// <summary>Checks the ranges of <see cref="RwkvXOptions"/> that its attributes state. Messages name the key, what is expected and what was found.</summary>
internal sealed class RwkvXOptionsValidator : IValidateOptions<RwkvXOptions>
{
    private static readonly (PropertyInfo Option, ValidationAttribute Rule)[] Rules =
    [
        .. typeof(RwkvXOptions).GetProperties().SelectMany(option => option.GetCustomAttributes<ValidationAttribute>().Select(rule => (option, rule))),
    ];

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RwkvXOptions options)
    {
        List<string> failures = [];
        foreach ((PropertyInfo option, ValidationAttribute rule) in Rules)
        {
            object? value = option.GetValue(options);
            if (!rule.IsValid(value))
            {
                failures.Add($"{options.Key(option.Name)}: expected {Expected(rule, option.Name)}, found {Found(value)}");
            }
        }

        Check(failures, options.Key(nameof(options.MaxStall)), options.MaxStall, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Check(failures, options.Key(nameof(options.ReaderTimeout)), options.ReaderTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    // An attribute for times would need a converter that trimming cannot follow.
    private static void Check(List<string> failures, string key, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            failures.Add($"{key}: expected {least} to {most}, found {value}");
        }
    }

    private static string Expected(ValidationAttribute rule, string name) => rule switch
    {
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}"),
        AllowedValuesAttribute allowed => string.Join(" or ", allowed.Values),
        EnumDataTypeAttribute data => string.Join(", ", Enum.GetNames(data.EnumType)),
        RequiredAttribute => "a value",
        MinLengthAttribute length => $"at least {length.Length} characters",
        _ => rule.FormatErrorMessage(name),
    };

    private static string Found(object? value) => value switch
    {
        null => "null",
        "" => "an empty text",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
