using Microsoft.Extensions.AI;
using RwkvX.AI.Generation;

namespace RwkvX.AI.Chat;

/// <summary>
/// What a request may say beyond <see cref="ChatOptions"/>: return a new one from <see cref="ChatOptions.RawRepresentationFactory"/>.
/// What <see cref="ChatOptions"/> says itself comes first.
/// </summary>
public sealed class RwkvXGenerationOptions
{
    /// <summary>Stands in for the model's sampling defaults; null keeps them.</summary>
    public SamplingOptions? Sampling { get; set; }

    /// <summary>
    /// A grammar that the answer obeys from its first character to its last, in the notation of docs/grammars.md; null for none.
    /// Also <c>grammar</c> among <see cref="ChatOptions.AdditionalProperties"/>.
    /// </summary>
    public string? Grammar { get; set; }

    /// <summary>
    /// A regular expression that the answer matches from its first character to its last; null for none.
    /// Also <c>regex</c> among <see cref="ChatOptions.AdditionalProperties"/>.
    /// </summary>
    public string? Regex { get; set; }
}
