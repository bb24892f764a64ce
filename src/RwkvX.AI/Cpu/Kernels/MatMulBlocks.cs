using System.Runtime.CompilerServices;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>
/// The matrix-matrix product in blocks: a few panels of weights are widened once into memory that stays in the caches, and tiles of
/// four rows run over them. Chains that are longer than a block are set down between blocks and taken up again.
/// </summary>
/// <remarks>
/// Sizes: 4 panels × 6 outputs × 1,024 inputs widened are 96 KiB, one panel 24 KiB (L1); 128 rows × 1,024 inputs are 512 KiB (L2);
/// the sums of 128 × 24 chains, 192 KiB, are touched once a block.
/// </remarks>
internal static unsafe class MatMulBlocks<TKernel, TWeights>
    where TKernel : struct, IMatMulKernel
    where TWeights : struct, IMatMulWeights
{
    private const int BlockRows = 128;
    private const int BlockPanels = 4;
    private const int BlockOutputs = BlockPanels * MatMulTile.Outputs;
    private const int BlockSteps = 64;
    private const int BlockTiles = BlockRows / MatMulTile.Rows;

    private const int PanelFloats = BlockSteps * MatMulTile.PanelStep;
    private const int TailFloats = BlockRows * MatMulTile.Lanes;
    private const int SumFloats = BlockPanels * BlockTiles * MatMulTile.SumCount;

    /// <summary>Outputs [start, end) of all rows.</summary>
    public static void Run(Worker worker, in MatMulProduct product, int rows, int start, int end)
    {
        float* panels = (float*)worker.Scratch(((BlockPanels * PanelFloats) + TailFloats + SumFloats) * sizeof(float));
        float* tails = panels + (BlockPanels * PanelFloats);
        float* sums = tails + TailFloats;
        for (int t = 0; t < rows; t += BlockRows)
        {
            int count = Math.Min(BlockRows, rows - t);
            CopyTails(product, t, count, tails);
            for (int o = start; o < end; o += BlockOutputs)
            {
                RunBlock(product, t, count, o, Math.Min(BlockOutputs, end - o), panels, tails, sums);
            }
        }
    }

    /// <summary>The last, partial steps of the rows, padded with zeros: past them may lie anything.</summary>
    private static void CopyTails(in MatMulProduct product, int t, int rows, float* tails)
    {
        int k = product.W.Columns;
        int whole = k & ~15;
        for (int i = 0; i < rows && whole < k; i++)
        {
            MatMulTail.Widen<MatMulF32Weights>((byte*)(product.X + ((nint)(t + i) * product.Ldx) + whole), k - whole, tails + (i * 16));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunBlock(in MatMulProduct product, int t, int rows, int o, int outputs, float* panels, float* tails, float* sums)
    {
        float* results = stackalloc float[MatMulTile.Rows * MatMulTile.Outputs];
        int k = product.W.Columns;
        int steps = (k + 15) / 16;
        int blocks = Math.Max(1, (steps + BlockSteps - 1) / BlockSteps);
        for (int b = 0; b < blocks; b++)
        {
            int from = (int)((long)steps * b / blocks);
            int to = (int)((long)steps * (b + 1) / blocks);
            int whole = Math.Min(to, k / 16);
            for (int p = 0; p * MatMulTile.Outputs < outputs; p++)
            {
                float* panel = panels + (p * PanelFloats);
                Widen(product.W, o + (p * MatMulTile.Outputs), o + outputs, from, whole, to, panel);
                for (int i = 0; i < rows; i += MatMulTile.Rows)
                {
                    int left = rows - i;
                    if (blocks == 1 && to == whole && whole > 0)
                    {
                        MatMulTile x = new(product.X + ((nint)(t + i) * product.Ldx), product.Ldx, left);
                        TKernel.Whole<TKernel>(x, panel, whole, sums, results);
                        Store(product, t + i, Math.Min(MatMulTile.Rows, left), o + (p * MatMulTile.Outputs), o + outputs, results);
                        continue;
                    }

                    // Chains of one block end at once; longer ones keep a place each.
                    float* tile = sums + (blocks == 1 ? 0 : ((p * BlockTiles) + (i / MatMulTile.Rows)) * MatMulTile.SumCount);
                    if (whole > from)
                    {
                        MatMulTile x = new(product.X + ((nint)(t + i) * product.Ldx) + (from * 16), product.Ldx, left);
                        TKernel.Tile(x, panel, whole - from, tile, first: b == 0);
                    }

                    if (to > whole)
                    {
                        MatMulTile x = new(tails + (i * 16), 16, left);
                        TKernel.Tile(x, panel + ((whole - from) * MatMulTile.PanelStep), 1, tile, first: whole == 0);
                    }

                    if (b == blocks - 1)
                    {
                        TKernel.Reduce(tile, results);
                        Store(product, t + i, Math.Min(MatMulTile.Rows, left), o + (p * MatMulTile.Outputs), o + outputs, results);
                    }
                }
            }
        }
    }

    /// <summary>Widens steps [from, to) of a panel's rows of weights; rows past the end repeat the last one.</summary>
    private static void Widen(WeightMatrix w, int o, int end, int from, int whole, int to, float* panel)
    {
        for (int j = 0; j < MatMulTile.Outputs; j++)
        {
            byte* row = w.Row(Math.Min(o + j, end - 1));
            float* at = panel + (j * MatMulTile.Lanes);
            TKernel.Widen<TWeights>(row + ((nint)from * 16 * TWeights.Size), whole - from, at);
            if (to > whole)
            {
                nint done = (nint)whole * 16;
                MatMulTail.Widen<TWeights>(row + (done * TWeights.Size), (int)(w.Columns - done), at + ((whole - from) * MatMulTile.PanelStep));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store(in MatMulProduct product, int t, int rows, int o, int end, float* results)
    {
        float* scales = product.W.Scales == null ? null : product.W.Scales + o;
        int outputs = Math.Min(MatMulTile.Outputs, end - o);
        float* y = product.Y + ((nint)t * product.Ldy) + o;
        for (int i = 0; i < rows; i++, y += product.Ldy)
        {
            MatMulTail.StoreSix(results + (i * MatMulTile.Outputs), scales, y, outputs);
        }
    }
}
