using static TorchSharp.torch;

namespace RwkvX.AI.Training.Distributed;

/// <summary>A group of one, whose sums are what is there.</summary>
internal sealed class SingleProcess : IProcessGroup
{
    public int Rank => 0;

    public int Size => 1;

    public void Sum(Tensor tensor)
    {
    }

    public void Dispose()
    {
    }
}
