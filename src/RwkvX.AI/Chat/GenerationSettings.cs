using RwkvX.AI.Generation;

namespace RwkvX.AI.Chat;

/// <summary>How one answer is generated: what <see cref="ChatOptionsMapping"/> makes of the caller's options and the model's defaults.</summary>
/// <param name="Sampling">How tokens are chosen.</param>
/// <param name="MaxOutputTokens">Tokens sampled at most, at least 1.</param>
/// <param name="StopSequences">The caller's own, without the template's.</param>
internal sealed record GenerationSettings(SamplingOptions Sampling, int MaxOutputTokens, IReadOnlyList<string> StopSequences);
