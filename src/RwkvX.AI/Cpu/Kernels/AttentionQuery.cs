namespace RwkvX.AI.Cpu.Kernels;

/// <summary>One query of one head on its way through the chunks: what a softmax taken step by step has to carry.</summary>
internal unsafe struct AttentionQuery
{
    /// <summary>(64) the query.</summary>
    public float* Q;

    /// <summary>(64) Σ exp(score − Max)·value so far; the attention's result after <see cref="ChunkAttention.Finish"/>.</summary>
    public float* Out;

    /// <summary>The largest scaled score so far.</summary>
    public float Max;

    /// <summary>Σ exp(score − Max) so far.</summary>
    public float Sum;

    /// <summary>Rows of its own chunk that it may see, itself included.</summary>
    public int OwnRows;
}
