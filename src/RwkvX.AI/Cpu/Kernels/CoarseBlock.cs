namespace RwkvX.AI.Cpu.Kernels;

/// <summary>16 chunk means in 4 bits: 640 bytes that the first look of <see cref="MeanSearch"/> reads one after the other.</summary>
internal unsafe struct CoarseBlock
{
    /// <summary>Bytes of a block.</summary>
    public const int Bytes = CodeBytes + (2 * Rows * sizeof(float));

    /// <summary>Bytes of its codes.</summary>
    public const int CodeBytes = Rows * Wkv.N / 2;

    private const int Rows = KeyScores.BlockRows;

    /// <summary>The codes, as <see cref="CoarseScores"/> has them.</summary>
    public fixed byte Codes[CodeBytes];

    /// <summary>(16) scales.</summary>
    public fixed float Scales[Rows];

    /// <summary>(16) what the codes leave out of each mean, as a norm.</summary>
    public fixed float Errors[Rows];
}
