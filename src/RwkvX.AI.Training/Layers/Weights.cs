using RwkvX.AI.Training.Models;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>A model's parameters as a forward pass uses them: cast to the compute type once a step, low-rank updates added.</summary>
/// <param name="model">The masters; which of them need gradients must not change.</param>
/// <param name="compute">F32 or BF16.</param>
/// <param name="adapter">Low-rank updates; null for none.</param>
internal sealed class Weights(TrainableModel model, ScalarType compute, LowRankAdapter? adapter = null) : IDisposable
{
    private readonly Dictionary<string, Tensor> _cast = [];

    /// <summary>The type of matrix products.</summary>
    public ScalarType Compute => compute;

    /// <summary>A matrix or vector in the compute type.</summary>
    public Tensor this[string name] =>
        adapter is not null ? adapter.Apply(name, model[name]).to(compute)
        : compute == ScalarType.Float32 ? model[name]
        : _cast.TryGetValue(name, out Tensor? cast) ? cast
        : _cast[name] = Cast(name);

    /// <summary>A parameter as it is, in single precision.</summary>
    public Tensor F32(string name) => model[name];

    /// <summary>x·Wᵀ with W (O, K).</summary>
    public Tensor Linear(Tensor x, string name) => nn.functional.linear(x, this[name]);

    /// <summary>Casts anew what was cast: to be called where masters have changed.</summary>
    public void Update()
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor cast) in _cast) cast.copy_(model[name]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor cast in _cast.Values) cast.Dispose();
    }

    /// <summary>Remembers its master for the way back, also if asked for in a layer that is computed again.</summary>
    private Tensor Cast(string name)
    {
        using IDisposable grad = enable_grad();
        return model[name].to(compute).DetachFromDisposeScope();
    }
}
