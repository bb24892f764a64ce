using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;

namespace RwkvX.AI.Testing.Models;

/// <summary>A model whose large matrices went through 8 bits and back to single precision: what an engine that holds them in 8 bits must calculate.</summary>
public sealed class EightBitModel : IDisposable
{
    private readonly MemoryCheckpoint _checkpoint = new();

    /// <param name="source">The model's tensors.</param>
    /// <param name="model">The same, as they were read.</param>
    /// <param name="precision">Int8 or Fp8.</param>
    public EightBitModel(Checkpoint source, ModelTensors model, Precision precision)
    {
        HashSet<CheckpointTensor> matrices = [.. model.Matrices];
        foreach ((string name, CheckpointTensor tensor) in source.Tensors)
        {
            if (matrices.Contains(tensor))
                _checkpoint.Add(name, [.. tensor.Shape], new EightBitMatrix(tensor, precision).Dequantize());
            else
                _checkpoint.Add(name, tensor.Type, [.. tensor.Shape], tensor.Bytes);
        }

        Tensors = ModelTensors.Read(_checkpoint, model.Config.MobaChunkSize, model.Config.MobaTopK);
    }

    /// <summary>The tensors.</summary>
    public ModelTensors Tensors { get; }

    /// <summary>The CPU engine with them, which must not outlive this.</summary>
    public CpuModel Engine() => new(Tensors, new CpuModelOptions { Threads = 1 });

    public void Dispose() => _checkpoint.Dispose();
}
