using Microsoft.Extensions.Options;

namespace RwkvX.AI.Chat;

/// <summary>Checks that the files which <see cref="RwkvXOptions"/> name are there, and that what belongs to a model comes with one.</summary>
internal sealed class RwkvXPathsValidator : IValidateOptions<RwkvXOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RwkvXOptions options)
    {
        List<string> failures = [];
        if (options.ModelPath is { } model && !File.Exists(model) && !Directory.Exists(model))
        {
            failures.Add($"{options.Key(nameof(options.ModelPath))}: expected a model directory or file, found nothing at '{model}'");
        }

        if (options.VocabularyPath is { } vocabulary && !File.Exists(vocabulary))
        {
            failures.Add($"{options.Key(nameof(options.VocabularyPath))}: expected a file, found none at '{vocabulary}'");
        }

        if (options.ModelPath is null && (options.VocabularyPath is not null || options.MobaChunkSize is not null || options.MobaTopK is not null))
        {
            failures.Add($"{options.Key(nameof(options.ModelPath))}: expected a model for VocabularyPath, MobaChunkSize or MobaTopK to apply to, found null (the embedded model)");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
