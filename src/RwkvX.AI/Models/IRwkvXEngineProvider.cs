namespace RwkvX.AI.Models;

/// <summary>Makes engines that the core does not have: how a package such as RwkvX.AI.Torch is reached.</summary>
/// <remarks>RwkvX.AI.Torch is found where the application has it; another provider is registered with the container.</remarks>
public interface IRwkvXEngineProvider
{
    /// <summary>What its engines are called, as in <see cref="EngineRequest.Engine"/>.</summary>
    string Name { get; }

    /// <summary>Why the provider cannot run what is asked for on this machine; null if it can. Cheap enough to ask at every start.</summary>
    /// <param name="request">With a device: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    string? WhyNot(EngineRequest request);

    /// <summary>Loads a model's weights.</summary>
    /// <param name="tensors">The weights; their checkpoint must outlive the engine.</param>
    /// <param name="request">With a device: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    IRwkvXModel Load(ModelTensors tensors, EngineRequest request);
}
