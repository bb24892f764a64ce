namespace RwkvX.AI.Cpu.Kernels;

/// <summary>The four rows of inputs of a register tile, and the tile's sizes.</summary>
/// <remarks>4 × 6 sums of 16 lanes are 24 of the 32 registers of AVX-512; a step loads 4 + 6 vectors for 24 multiply-adds.</remarks>
internal unsafe struct MatMulTile
{
    /// <summary>Rows of inputs in a tile.</summary>
    public const int Rows = 4;

    /// <summary>Outputs (rows of weights) in a tile.</summary>
    public const int Outputs = 6;

    /// <summary>Inputs in a step: the lanes of a chain.</summary>
    public const int Lanes = 16;

    /// <summary>Floats from one step of a panel to the next.</summary>
    public const int PanelStep = Outputs * Lanes;

    /// <summary>Floats of a tile's sums.</summary>
    public const int SumCount = Rows * Outputs * Lanes;

    public float* X0;
    public float* X1;
    public float* X2;
    public float* X3;

    /// <summary>Rows start, start + stride, …; where fewer than four are left, the last stands in for the missing.</summary>
    public MatMulTile(float* start, int stride, int rows)
    {
        X0 = start;
        X1 = start + ((nint)Math.Min(1, rows - 1) * stride);
        X2 = start + ((nint)Math.Min(2, rows - 1) * stride);
        X3 = start + ((nint)Math.Min(3, rows - 1) * stride);
    }
}
