namespace RwkvX.AI.Cpu;

/// <summary>One forward pass of a block, in the form of some vector width.</summary>
internal interface IForwardPass : IDisposable
{
    /// <summary>Sees the choices of chunks; null for none.</summary>
    ChunkChoiceHook? ChoiceHook { get; set; }

    /// <summary>Runs a block through all layers and writes the logits wanted. The states' pages must have room for it.</summary>
    /// <returns>False if it was cancelled between layers: the states are then broken.</returns>
    bool Run(Block block, CancellationToken cancellationToken);
}
