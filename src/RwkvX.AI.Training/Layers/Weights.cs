using RwkvX.AI.Training.Models;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>A model's parameters as a forward pass uses them: cast to the compute type, low-rank updates added.</summary>
/// <param name="model">The masters.</param>
/// <param name="compute">F32 or BF16.</param>
/// <param name="adapter">Low-rank updates; null for none.</param>
internal sealed class Weights(TrainableModel model, ScalarType compute, LowRankAdapter? adapter = null)
{
    /// <summary>The type of matrix products.</summary>
    public ScalarType Compute => compute;

    /// <summary>A matrix or vector in the compute type.</summary>
    public Tensor this[string name]
    {
        get
        {
            Tensor master = adapter is null ? model[name] : adapter.Apply(name, model[name]);
            return compute == ScalarType.Float32 ? master : master.to(compute);
        }
    }

    /// <summary>A parameter as it is, in single precision.</summary>
    public Tensor F32(string name) => model[name];

    /// <summary>x·Wᵀ with W (O, K).</summary>
    public Tensor Linear(Tensor x, string name) => nn.functional.linear(x, this[name]);
}
