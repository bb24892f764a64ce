using RwkvX.AI.Torch.Eager;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>The queries of a batch whose choice of chunks is trained.</summary>
/// <param name="Sequence">Which of the batch they are of.</param>
/// <param name="Positions">(M) I64, ascending, each with a full chunk before its own.</param>
/// <param name="Weights">(M) F32 how much each counts.</param>
internal sealed record ChoiceRows(int Sequence, Tensor Positions, Tensor Weights)
{
    private const int Most = 512; // of a batch: each is compared with all T keys of its sequence

    /// <summary>Those of each sequence of a batch that has any; of more than 512 answers' tokens so many, evenly spaced, each counting for those left out beside it.</summary>
    /// <param name="answers">Places in the batch, b · T + t, ascending.</param>
    /// <param name="weights">(B, T)</param>
    /// <param name="scale">What the weights are multiplied by.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    public static IReadOnlyList<ChoiceRows> Of(IReadOnlyList<int> answers, Tensor weights, double scale, int chunkSize)
    {
        int T = (int)weights.shape[1];
        int[] places = [.. answers.Where(place => place % T >= chunkSize)];
        int count = Math.Min(places.Length, Most);
        scale *= (double)places.Length / Math.Max(1, count);
        return [.. Enumerable.Range(0, count).Select(i => places[(long)i * places.Length / count]).GroupBy(place => place / T, (sequence, mine) =>
        {
            Tensor positions = tensor(mine.Select(place => (long)(place % T)).ToArray(), device: weights.device);
            return new ChoiceRows(sequence, positions, weights[sequence].index_select(0, positions).Times(scale));
        })];
    }
}
