using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Cpu;

/// <summary>A low-rank pair x·W1·W2, both turned to (out, in).</summary>
internal sealed class LowRankWeights(CheckpointTensor w1, CheckpointTensor w2) : IDisposable
{
    /// <summary>(r, C)</summary>
    public WeightMatrix Down { get; } = WeightMatrix.FromTransposed(w1);

    /// <summary>(C, r)</summary>
    public WeightMatrix Up { get; } = WeightMatrix.FromTransposed(w2);

    /// <summary>r</summary>
    public int Rank => Down.Rows;

    /// <summary>Bytes that a step reads.</summary>
    public long Bytes => Down.ByteLength + Up.ByteLength;

    public void Dispose()
    {
        Down.Dispose();
        Up.Dispose();
    }
}
