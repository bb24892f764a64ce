namespace RwkvX.AI.Training.Cuda;

/// <summary>Runs the kernels of this project: on a CUDA device, or, in tests, compiled for the host.</summary>
internal interface IKernelLauncher
{
    /// <summary>Launches a kernel behind everything that libtorch has put on its stream.</summary>
    /// <param name="kernel">The file's and the function's name.</param>
    /// <param name="defines">Compiler options, <c>-DNAME=value</c>.</param>
    /// <param name="args">The struct <c>Args</c> of the source.</param>
    /// <param name="threads">Threads in a block.</param>
    /// <param name="gridX">Blocks.</param>
    /// <param name="gridY">Blocks.</param>
    /// <param name="gridZ">Blocks.</param>
    /// <param name="sharedBytes">Shared memory of a block, beside what the source declares; always the same for a kernel.</param>
    void Launch<TArgs>(string kernel, IReadOnlyList<string> defines, in TArgs args, int threads, int gridX, int gridY = 1, int gridZ = 1, int sharedBytes = 0)
        where TArgs : unmanaged;
}
