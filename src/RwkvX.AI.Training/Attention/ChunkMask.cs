using RwkvX.AI.Torch.Eager;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>Which keys a query may see, from the chunks it chose.</summary>
internal static class ChunkMask
{
    /// <summary>The mask for a run of queries over the first keys.</summary>
    /// <param name="chosen">(B, H, Q, topK − 1) chunk indices, -1 for none.</param>
    /// <param name="first">Position of the first query.</param>
    /// <param name="keys">Number of keys, from position 0.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    /// <returns>(B, H, Q, keys) Bool</returns>
    public static Tensor Allowed(Tensor chosen, long first, long keys, int chunkSize)
    {
        (long B, long H, long Q) = (chosen.shape[0], chosen.shape[1], chosen.shape[2]);
        Device device = chosen.device;
        long chunks = (keys + chunkSize - 1) / chunkSize;
        Tensor chunkOf = HeldArithmetic.Range(0, keys, device).FloorOver(chunkSize);
        Tensor query = HeldArithmetic.Range(first, Q, device).view(Q, 1);

        Tensor past = zeros(B, H, Q, chunks + 1, ScalarType.Bool, device); // the last column takes the missing choices
        past.scatter_(-1, chosen.Masked(chosen.IsBelow(0), chunks), ones_like(chosen, ScalarType.Bool));
        Tensor own = chunkOf.view(1, keys).eq(query.FloorOver(chunkSize))
            .logical_and(HeldArithmetic.Range(0, keys, device).view(1, keys).le(query));
        return past.index_select(-1, chunkOf).logical_or(own);
    }
}
