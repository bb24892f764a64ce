using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>The state of a sparse-attention layer; tensors are replaced, never written, so that forks may share them.</summary>
internal sealed class SparseLayerState
{
    /// <summary>(C) the last row after LN2.</summary>
    public required Tensor FfnXPrev;

    /// <summary>(rows, H, N) the keys of each chunk, in the engine's type; all full but perhaps the last.</summary>
    public List<Tensor> Keys { get; init; } = [];

    /// <summary>(rows, H, N) the values of each chunk.</summary>
    public List<Tensor> Values { get; init; } = [];

    /// <summary>(H, N) f32 the mean key of each full chunk.</summary>
    public List<Tensor> Means { get; init; } = [];

    /// <summary>Puts keys and values at the end, and the mean of each chunk that they fill.</summary>
    /// <param name="keys">(T, H, N) in the engine's type.</param>
    /// <param name="values">(T, H, N) likewise.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    public void Append(Tensor keys, Tensor values, int chunkSize)
    {
        for (long row = 0; row < keys.shape[0];)
        {
            bool begins = Keys.Count == Means.Count;
            long room = begins ? chunkSize : chunkSize - Keys[^1].shape[0], end = Math.Min(row + room, keys.shape[0]);
            Tensor k = keys.slice(0, row, end, 1), v = values.slice(0, row, end, 1);
            if (begins)
            {
                Keys.Add(k.clone());
                Values.Add(v.clone());
            }
            else
            {
                Keys[^1] = cat([Keys[^1], k], 0);
                Values[^1] = cat([Values[^1], v], 0);
            }

            if (Keys[^1].shape[0] == chunkSize)
                Means.Add(Keys[^1].to(ScalarType.Float32).mean([0]));
            row = end;
        }
    }
}
