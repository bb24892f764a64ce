namespace RwkvX.AI.Generation;

/// <summary>An engine that can choose the next tokens where it calculates, so that a step brings back a token a sequence and no logits.</summary>
/// <remarks>The tokens are those that <see cref="Sampler.Sample"/> would choose from the same logits. Constraints need the logits: they stay with the sampler.</remarks>
internal interface ISamplingEngine
{
    /// <summary>Runs each item's tokens over its state and chooses what comes next; the samplers count the choice.</summary>
    /// <param name="batch">At least one item; no two with the same state or sampler.</param>
    /// <param name="tokens">(items) the tokens chosen.</param>
    /// <param name="cancellationToken">As in a forward pass.</param>
    /// <exception cref="InvalidOperationException">As <see cref="Sampler.Sample"/> throws it.</exception>
    void ForwardAndSample(ReadOnlySpan<SampledItem> batch, Span<int> tokens, CancellationToken cancellationToken = default);
}
