using static TorchSharp.torch;

namespace RwkvX.AI.Training.Optimization;

/// <summary>Parameters that take their steps in one way.</summary>
internal interface IParameterGroup : IDisposable
{
    /// <summary>What is carried from step to step, under the names of checkpoints; views that a checkpoint is read into.</summary>
    IEnumerable<(string Name, Tensor Values)> Moments();

    /// <summary>Σ g² over all gradients, F64 on their device, in the caller's scope; 0 where there are none.</summary>
    Tensor SquareSum();

    /// <summary>One step with the gradients that the parameters have.</summary>
    /// <param name="step">Its number, from 1.</param>
    /// <param name="learningRate">The rate.</param>
    /// <param name="clip">What gradients are multiplied by.</param>
    void Step(long step, double learningRate, double clip);
}
