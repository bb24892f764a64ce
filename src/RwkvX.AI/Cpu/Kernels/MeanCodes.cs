namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Chunk means in 4 and in 8 bits, for the search among them (<see cref="MeanSearch"/>).</summary>
/// <remarks>
/// What is coded is m̃ = m − center, where the center is the average of the means on the page before (of the first page, its first mean): all means have much in common, and what
/// they share decides nothing. Coarse: m̃ = s·(u − 8) + e with u in 1…15, and ‖e‖ is kept. Fine: |m̃_d − s·c_d| ≤ s/2 with c in −127…127.
/// </remarks>
internal static unsafe class MeanCodes
{
    /// <summary>What stands for a difference of 0 in the coarse codes.</summary>
    public const int CoarseZero = 8;

    /// <summary>Sizes and errors are rounded up by this, so that no bound is too small.</summary>
    private const float Above = 1.00001f;

    /// <summary>Keeps the scale of a difference of zeros a normal number.</summary>
    private const float SmallestScale = 1e-30f;

    private const int N = Wkv.N;

    /// <summary>Codes a mean.</summary>
    /// <param name="means">The means of a layer, this one and all before it written.</param>
    /// <param name="head">The head.</param>
    /// <param name="chunk">The mean's chunk.</param>
    public static void Encode(PagedRows means, int head, int chunk)
    {
        (int index, int row) = Math.DivRem(chunk, means.RowsPerPage);
        Page page = means[index];
        if (row == 0)
        {
            Begin(page, index == 0 ? null : means[index - 1], head);
        }

        float* mean = page.Key(head, row), center = page.Center(head);
        Span<float> difference = stackalloc float[N];
        float largest = 127 * SmallestScale, norm = 0;
        for (int d = 0; d < N; d++)
        {
            float m = mean[d * KeyScores.BlockRows];
            norm += m * m;
            difference[d] = m - center[d];
            largest = MathF.Max(largest, MathF.Abs(difference[d]));
        }

        float* norms = page.Norms(head);
        norms[0] = MathF.Max(norms[0], MathF.Sqrt(norm) * Above);
        EncodeCoarse(page, head, row, difference, largest / 7);
        EncodeFine(page, head, row, difference, largest / 127);
    }

    private static void EncodeCoarse(Page page, int head, int row, ReadOnlySpan<float> difference, float scale)
    {
        Span<byte> u = stackalloc byte[N];
        double error = 0, size = 0;
        for (int d = 0; d < N; d++)
        {
            int code = (int)Math.Clamp(MathF.Round(difference[d] / scale), -7, 7);
            u[d] = (byte)(code + CoarseZero);
            double e = difference[d] - ((double)scale * code), part = (double)scale * code;
            error += e * e;
            size += part * part;
        }

        CoarseScores.Write(u, page.Coarse(head) + (row / KeyScores.BlockRows * CoarseScores.BlockBytes), row % KeyScores.BlockRows);
        page.CoarseScales(head)[row] = scale;
        page.CoarseErrors(head)[row] = (float)Math.Sqrt(error) * Above;
        float* norms = page.Norms(head);
        norms[1] = MathF.Max(norms[1], (float)Math.Sqrt(size) * Above);
    }

    private static void EncodeFine(Page page, int head, int row, ReadOnlySpan<float> difference, float scale)
    {
        sbyte* codes = page.Fine(head) + (row * N);
        page.FineScales(head)[row] = scale;
        for (int d = 0; d < N; d++)
        {
            codes[d] = (sbyte)Math.Clamp(MathF.Round(difference[d] / scale), -127, 127);
        }
    }

    /// <summary>The center of a new page: the average of the page before; of the first page, its first mean.</summary>
    private static void Begin(Page page, Page? before, int head)
    {
        float* center = page.Center(head), norms = page.Norms(head);
        norms[0] = norms[1] = 0;
        double square = 0;
        (Page source, int rows) = before is null ? (page, 1) : (before, before.MaxRows);
        for (int d = 0; d < N; d++)
        {
            double sum = 0;
            for (int row = 0; row < rows; row++)
            {
                sum += source.Key(head, row)[d * KeyScores.BlockRows];
            }

            center[d] = (float)(sum / rows);
            square += (double)center[d] * center[d];
        }

        norms[2] = (float)Math.Sqrt(square) * Above;
    }
}
