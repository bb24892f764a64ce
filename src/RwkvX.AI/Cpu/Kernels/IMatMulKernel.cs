namespace RwkvX.AI.Cpu.Kernels;

/// <summary>
/// One instruction set's form of the three loops of a matrix product. All of them compute an output element as 16 chains, one per
/// lane: lane j sums x[k]·w[k] for k = j, j+16, … in this order; then the tree of <see cref="Reduce"/>. K is padded with zeros to whole
/// steps of 16. See docs/kernels/matmul.md.
/// </summary>
internal unsafe interface IMatMulKernel
{
    /// <summary>A matrix-vector product, weights widened in registers.</summary>
    /// <param name="x">(K) one row of inputs.</param>
    /// <param name="k">K, any.</param>
    /// <param name="w">The first of the rows of weights, unaligned.</param>
    /// <param name="scales">(outputs) a factor for each finished sum, or null.</param>
    /// <param name="y">(outputs) results.</param>
    /// <param name="outputs">Number of rows of weights.</param>
    static abstract void Dot<TWeights>(float* x, int k, byte* w, float* scales, float* y, int outputs)
        where TWeights : struct, IMatMulWeights;

    /// <summary>Up to how many rows of inputs <see cref="DotRows"/> takes; 1 where there is no such form.</summary>
    static abstract int DirectRows { get; }

    /// <summary>A product of few rows, two to <see cref="DirectRows"/>: each weight is widened once in registers and used for all of them.</summary>
    /// <param name="product">The product.</param>
    /// <param name="rows">T.</param>
    /// <param name="start">The first output.</param>
    /// <param name="end">Past the last output.</param>
    static abstract void DotRows<TWeights>(in MatMulProduct product, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights;

    /// <summary>Widens whole steps of one row of weights into its place in a panel.</summary>
    /// <param name="w">steps·16 weights.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="panel">Where the row's first step goes; the next lies <see cref="MatMulTile.PanelStep"/> floats on. Aligned to 64 bytes.</param>
    static abstract void Widen<TWeights>(byte* w, int steps, float* panel)
        where TWeights : struct, IMatMulWeights;

    /// <summary>Continues the chains of a tile of <see cref="MatMulTile.Rows"/> × <see cref="MatMulTile.Outputs"/> by some steps.</summary>
    /// <param name="x">Four rows of inputs, unaligned.</param>
    /// <param name="panel">(steps, Outputs, 16) widened weights.</param>
    /// <param name="steps">Number of steps, at least one.</param>
    /// <param name="sums">(Rows, Outputs, 16) the chains so far, updated; aligned to 64 bytes.</param>
    /// <param name="first">The chains start here: <paramref name="sums"/> is only written.</param>
    static abstract void Tile(in MatMulTile x, float* panel, int steps, float* sums, bool first);

    /// <summary>Ends the chains of a tile: lanes i and i+8 are added, then i and i+4, i and i+2, and the last two.</summary>
    /// <param name="sums">(Rows, Outputs, 16) finished chains, aligned to 64 bytes.</param>
    /// <param name="results">(Rows, Outputs) sums.</param>
    static abstract void Reduce(float* sums, float* results);

    /// <summary>A whole tile at once, for chains that fit one block: what <see cref="Tile"/> from the start and <see cref="Reduce"/> give.</summary>
    /// <param name="x">Four rows of inputs, unaligned.</param>
    /// <param name="panel">(steps, Outputs, 16) widened weights.</param>
    /// <param name="steps">Number of steps, at least one.</param>
    /// <param name="sums">Room for the chains, as above.</param>
    /// <param name="results">(Rows, Outputs) sums.</param>
    static virtual void Whole<TSelf>(in MatMulTile x, float* panel, int steps, float* sums, float* results)
        where TSelf : struct, IMatMulKernel
    {
        TSelf.Tile(x, panel, steps, sums, first: true);
        TSelf.Reduce(sums, results);
    }
}
