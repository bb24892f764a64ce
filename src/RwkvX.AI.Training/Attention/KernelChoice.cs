using RwkvX.AI.Training.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary><see cref="ChunkChoice"/> of a whole sequence by a kernel that holds no matrix of scores in memory.</summary>
internal static unsafe class KernelChoice
{
    private const int Most = 32;           // choices that a warp holds
    private const int SliceTokens = 4096;  // queries at a time where there are more

    /// <summary>Chooses for every query.</summary>
    /// <param name="launcher">Runs the kernel.</param>
    /// <param name="q">(B, H, T, 64) F32 or BF16, contiguous.</param>
    /// <param name="k">The same shape.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    /// <param name="topK">Chunks in all, the own one included.</param>
    /// <returns>(B, H, T, topK − 1) I32 chunk indices; -1 where there are fewer past chunks.</returns>
    public static Tensor Choose(IKernelLauncher launcher, Tensor q, Tensor k, int chunkSize, int topK)
    {
        using DisposeScope scope = NewDisposeScope();
        (int heads, int tokens, int choices) = ((int)(q.shape[0] * q.shape[1]), (int)q.shape[2], topK - 1);
        Tensor means = ChunkChoice.Means(k, chunkSize).contiguous();
        if (choices > Most) return InSlices(q, means, chunkSize, topK).MoveToOuterDisposeScope();
        Tensor chosen = empty([.. q.shape[..3], choices], dtype: ScalarType.Int32, device: q.device);
        if (choices > 0)
        {
            string[] defines = [$"-DCHUNK={chunkSize}", $"-DCHOICES={choices}", q.dtype == ScalarType.BFloat16 ? "-DBF16=1" : "-DBF16=0"];
            launcher.Launch("moba_choose", defines, new Args
            {
                Q = TensorPointer.Of(q),
                Means = (float*)TensorPointer.Of(means),
                Chosen = (int*)TensorPointer.Of(chosen),
                Tokens = tokens,
                Chunks = (int)means.shape[2],
            }, 256, (tokens + 63) / 64, heads);
        }

        return chosen.MoveToOuterDisposeScope();
    }

    private static Tensor InSlices(Tensor q, Tensor means, int chunkSize, int topK)
    {
        List<Tensor> parts = [];
        for (long first = 0; first < q.shape[2]; first += SliceTokens)
        {
            long count = Math.Min(SliceTokens, q.shape[2] - first);
            parts.Add(ChunkChoice.Choose(q.narrow(2, first, count), means, first, chunkSize, topK).to(ScalarType.Int32));
        }

        return cat(parts, 2).contiguous();
    }

    /// <summary>As in moba_choose.cu.</summary>
    private struct Args
    {
        public void* Q;
        public float* Means;
        public int* Chosen;
        public int Tokens, Chunks;
    }
}
