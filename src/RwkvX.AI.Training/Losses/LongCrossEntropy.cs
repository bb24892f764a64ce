using RwkvX.AI.Torch.Eager;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Losses;

/// <summary>LongCE (arXiv 2410.23771): tokens that a long context helps to predict count more.</summary>
/// <param name="options">Lengths and bound.</param>
internal sealed class LongCrossEntropy(LongCrossEntropyOptions options)
{
    /// <summary>The weights of a batch's tokens; no gradient flows through them.</summary>
    /// <param name="losses">(B, T) of the full sequences.</param>
    /// <param name="truncatedLosses">(B, start, end) → (B, end − start): the losses where only the tokens from start to end are seen.</param>
    /// <returns>(B, T) 1 where nothing is compared, else min(exp(truncated − full), threshold).</returns>
    public Tensor Weights(Tensor losses, Func<int, int, Tensor> truncatedLosses)
    {
        using IDisposable noGrad = no_grad();
        int T = (int)losses.shape[1];
        Tensor weights = ones_like(losses);
        for (int start = options.TruncatedLength; start < T - options.TruncatedLength; start += options.Interval)
        {
            using DisposeScope scope = NewDisposeScope();
            int end = Math.Min(start + options.TruncatedLength + options.Interval, T), from = start + options.TruncatedLength;
            Tensor truncated = truncatedLosses(start, end).narrow(1, options.TruncatedLength, end - from);
            Tensor gain = (truncated - losses.narrow(1, from, end - from)).exp().AtMost(options.Threshold);
            weights.narrow(1, from, end - from).copy_(gain);
        }

        return weights;
    }
}
