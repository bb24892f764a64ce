using System.Numerics.Tensors;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Chunk means in 4 and in 16 bits, for the search among them (<see cref="MeanSearch"/>).</summary>
/// <remarks>
/// What is coded is m̃ = m − center, where the center is the average of the means on the page before: all means have much in common, and what
/// they share decides nothing. The first page is coded when it is full, around its own average; until then nobody searches. Coarse: m̃ = s·(u − 8) + e with u in 1…15, and ‖e‖ is kept.
/// Fine: |m̃_d − t·c_d| ≤ t/2 with c in −32,000…32,000 and t a fixed share of s.
/// </remarks>
internal static unsafe class MeanCodes
{
    /// <summary>What stands for a difference of 0 in the coarse codes.</summary>
    public const int CoarseZero = 8;

    /// <summary>A step of the fine codes, in steps of the coarse ones of the same mean.</summary>
    public const float FineStep = (float)CoarseMax / FineMax;

    /// <summary>Sizes and errors are rounded up by this, so that no bound is too small.</summary>
    private const float Above = 1.00001f;

    /// <summary>Keeps the scale of a difference of zeros a normal number.</summary>
    private const float SmallestScale = 1e-28f;

    private const int CoarseMax = 7;
    private const int FineMax = 32_000;

    private const int N = Wkv.N;

    /// <summary>Codes a mean, or the whole first page with its last one.</summary>
    /// <param name="means">The means of a layer, this one and all before it written.</param>
    /// <param name="head">The head.</param>
    /// <param name="chunk">The mean's chunk.</param>
    public static void Encode(PagedRows means, int head, int chunk)
    {
        (int index, int row) = Math.DivRem(chunk, means.RowsPerPage);
        if (index > 0)
        {
            if (row == 0)
            {
                SetCenter(means[index], head, means[index - 1]);
            }

            Encode(means[index], head, row);
        }
        else if (row == means.RowsPerPage - 1)
        {
            SetCenter(means[0], head, means[0]);
            for (int i = 0; i <= row; i++)
            {
                Encode(means[0], head, i);
            }
        }
    }

    private static void Encode(Page page, int head, int row)
    {
        Span<float> mean = stackalloc float[N], difference = stackalloc float[N];
        PlainRows.GatherKey(page.Key(head, row), mean);
        TensorPrimitives.Subtract(mean, new ReadOnlySpan<float>(page.Center(head), N), difference);
        float* norms = page.Norms(head);
        norms[0] = MathF.Max(norms[0], TensorPrimitives.Norm<float>(mean) * Above);
        float largest = MathF.Max(SmallestScale, MathF.Abs(TensorPrimitives.MaxMagnitude<float>(difference)));
        float scale = largest / CoarseMax;
        EncodeCoarse(page, head, row, difference, scale);
        Span<float> fine = stackalloc float[N];
        Round(difference, scale * FineStep, fine);
        TensorPrimitives.ConvertTruncating<float, short>(fine, new Span<short>(page.Fine(head) + (row * N), N));
    }

    private static void EncodeCoarse(Page page, int head, int row, ReadOnlySpan<float> difference, float scale)
    {
        Span<float> coded = stackalloc float[N], left = stackalloc float[N];
        Span<byte> u = stackalloc byte[N];
        Round(difference, scale, coded);
        for (int d = 0; d < N; d++)
        {
            u[d] = (byte)((int)coded[d] + CoarseZero);
        }

        CoarseBlock* block = page.Coarse(head) + (row / KeyScores.BlockRows);
        CoarseScores.Write(u, block->Codes, row % KeyScores.BlockRows);
        TensorPrimitives.Multiply(coded, scale, coded);
        TensorPrimitives.Subtract(difference, coded, left);
        block->Scales[row % KeyScores.BlockRows] = scale;
        block->Errors[row % KeyScores.BlockRows] = TensorPrimitives.Norm<float>(left) * Above;
        float* norms = page.Norms(head);
        norms[1] = MathF.Max(norms[1], TensorPrimitives.Norm<float>(coded) * Above);
    }

    /// <summary>x in whole steps.</summary>
    private static void Round(ReadOnlySpan<float> x, float scale, Span<float> steps)
    {
        TensorPrimitives.Divide(x, scale, steps);
        TensorPrimitives.Round(steps, steps);
    }

    /// <summary>The center of a page that has no codes yet: the average of a full page's means.</summary>
    private static void SetCenter(Page page, int head, Page full)
    {
        float* center = page.Center(head), norms = page.Norms(head);
        for (int d = 0; d < N; d++)
        {
            double sum = 0;
            for (int row = 0; row < full.MaxRows; row++)
            {
                sum += full.Key(head, row)[d * KeyScores.BlockRows];
            }

            center[d] = (float)(sum / full.MaxRows);
        }

        norms[0] = norms[1] = 0;
        norms[2] = TensorPrimitives.Norm(new ReadOnlySpan<float>(center, N)) * Above;
    }
}
