using System.Numerics.Tensors;

namespace RwkvX.AI.Testing;

/// <summary>Greedy choices that coarser arithmetic must keep: where the best logit leads by more than 1.</summary>
/// <param name="Count">Positions with such a lead.</param>
/// <param name="Kept">Those of them where the other form chooses the same token.</param>
public readonly record struct ClearChoices(int Count, int Kept)
{
    /// <summary>Whether there are some, and 94 of 96 of them are kept.</summary>
    public bool AreKept => Count > 0 && Kept * 96 >= 94 * Count;

    /// <summary>Both counts together.</summary>
    public static ClearChoices operator +(ClearChoices left, ClearChoices right) => new(left.Count + right.Count, left.Kept + right.Kept);

    /// <summary>Counts them.</summary>
    /// <param name="expected">(T, V) logits.</param>
    /// <param name="found">(T, V)</param>
    /// <param name="v">V</param>
    public static ClearChoices Of(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, int v)
    {
        ClearChoices sum = default;
        float[] row = new float[v];
        for (int t = 0; t < expected.Length; t += v)
        {
            expected.Slice(t, v).CopyTo(row);
            int best = TensorPrimitives.IndexOfMax<float>(row);
            float highest = row[best];
            row[best] = float.NegativeInfinity; // for the second highest
            if (highest - TensorPrimitives.Max<float>(row) > 1)
                sum += new ClearChoices(1, TensorPrimitives.IndexOfMax(found.Slice(t, v)) == best ? 1 : 0);
        }
        return sum;
    }
}
