using static TorchSharp.torch;

namespace RwkvX.AI.Training.Distributed;

/// <summary>Processes that train one model together, each on a device of its own with all of the weights and a share of every step's batches.</summary>
internal interface IProcessGroup : IDisposable
{
    /// <summary>This process, from 0; the first one decides, logs and saves.</summary>
    int Rank { get; }

    /// <summary>How many there are.</summary>
    int Size { get; }

    /// <summary>Replaces a tensor by its sum over all processes, the same bits in each; returns when that is done.</summary>
    /// <param name="tensor">Contiguous, F32 or F64, of the same shape in every process.</param>
    /// <exception cref="ProcessGroupException">Another process has ended.</exception>
    void Sum(Tensor tensor);
}
