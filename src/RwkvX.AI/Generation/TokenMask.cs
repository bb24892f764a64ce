using System.Numerics;

namespace RwkvX.AI.Generation;

/// <summary>Sets of token ids with one bit an id: bit <c>id % 64</c> of word <c>id / 64</c>.</summary>
internal static class TokenMask
{
    /// <summary>Words of a mask over V ids.</summary>
    public static int Words(int vocabSize) => (vocabSize + 63) / 64;

    /// <summary>Takes every token that is not in the set out of the logits.</summary>
    /// <param name="allowed">(V + 63) / 64 words.</param>
    /// <param name="logits">(V) logits; those not allowed become −∞.</param>
    public static void Apply(ReadOnlySpan<ulong> allowed, Span<float> logits)
    {
        for (int word = 0, start = 0; start < logits.Length; word++, start += 64)
        {
            Span<float> block = logits[start..Math.Min(start + 64, logits.Length)];
            ulong forbidden = ~allowed[word];
            if (forbidden == ulong.MaxValue)
            {
                block.Fill(float.NegativeInfinity);
                continue;
            }

            for (; forbidden != 0; forbidden &= forbidden - 1)
            {
                int bit = BitOperations.TrailingZeroCount(forbidden);
                if (bit >= block.Length)
                {
                    break; // the last word reaches beyond V
                }

                block[bit] = float.NegativeInfinity;
            }
        }
    }
}
