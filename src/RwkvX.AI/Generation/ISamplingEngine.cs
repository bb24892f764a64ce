using RwkvX.AI.Models;

namespace RwkvX.AI.Generation;

/// <summary>An engine that can choose the next tokens where it calculates, so that a step brings back a token a sequence and no logits.</summary>
/// <remarks>The tokens are those that <see cref="Sampler"/> would choose from the same logits. Constraints need the logits: such items go without a sampler.</remarks>
internal interface ISamplingEngine
{
    /// <summary>In a token's place: a logit is NaN or +∞.</summary>
    const int Broken = -1;

    /// <summary>In a token's place: no token may be chosen.</summary>
    const int NothingLeft = -2;

    /// <summary>A forward pass in which some items end in a choice instead of logits; their samplers count it.</summary>
    /// <param name="batch">At least one item; those with a sampler have no room for logits.</param>
    /// <param name="samplers">(items) each item's sampler, or null; no two the same.</param>
    /// <param name="tokens">(items) the tokens chosen, or <see cref="Broken"/> or <see cref="NothingLeft"/>; nothing is written for items without a sampler.</param>
    /// <param name="cancellationToken">As in a forward pass.</param>
    void ForwardAndSample(ReadOnlySpan<ForwardItem> batch, ReadOnlySpan<Sampler?> samplers, Span<int> tokens, CancellationToken cancellationToken = default);
}
