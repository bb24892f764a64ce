namespace RwkvX.AI.Models;

/// <summary>Short forms of <see cref="IRwkvXModel.Forward"/> for a single sequence.</summary>
public static class RwkvXModelExtensions
{
    /// <summary>Runs tokens over one state.</summary>
    /// <param name="model">The model.</param>
    /// <param name="state">The state, advanced in place.</param>
    /// <param name="tokens">(T) token ids.</param>
    /// <param name="logits">Empty, (V) or (T, V), as in <see cref="ForwardItem"/>.</param>
    /// <param name="cancellationToken">Acts between blocks of tokens.</param>
    public static void Forward(
        this IRwkvXModel model, RwkvXState state, ReadOnlyMemory<int> tokens, Memory<float> logits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ForwardItem item = new(state, tokens, logits);
        model.Forward(new ReadOnlySpan<ForwardItem>(in item), cancellationToken);
    }
}
