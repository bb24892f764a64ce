using RwkvX.AI.Training.Cuda;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Wkv;

/// <summary>The scan of <see cref="ChunkScan"/> as one kernel: no launch a chunk, and every row of every state on its own.</summary>
/// <param name="launcher">Where it runs.</param>
internal sealed unsafe class ScanKernel(IKernelLauncher launcher)
{
    private const int Threads = 256;

    /// <summary>As <see cref="ChunkScan.Scan"/>.</summary>
    public Tensor Scan(Tensor m, Tensor g, bool reverse)
    {
        using Tensor matrices = m.contiguous(), added = g.contiguous();
        Tensor states = empty_like(added);
        int sequences = (int)m.shape[0], own = sequences >= 32 ? 4 : sequences >= 16 ? 2 : 1; // rows of a thread: some hundred blocks in all
        launcher.Launch("chunk_scan", [$"-DOWN_ROWS={own}"], new Args
        {
            M = (float*)TensorPointer.Of(matrices),
            G = (float*)TensorPointer.Of(added),
            States = (float*)TensorPointer.Of(states),
            Chunks = (int)m.shape[1],
            Reverse = reverse ? 1 : 0,
        }, Threads, sequences, 16 / own);
        return states;
    }

    /// <summary>As in chunk_scan.cu.</summary>
    private struct Args
    {
        public float* M, G, States;
        public int Chunks, Reverse;
    }
}
