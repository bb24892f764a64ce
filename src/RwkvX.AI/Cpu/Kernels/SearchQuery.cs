namespace RwkvX.AI.Cpu.Kernels;

/// <summary>A query as <see cref="MeanSearch"/> needs it.</summary>
/// <param name="Address">Where it lies.</param>
/// <param name="Largest">max |q_d|, above 0.</param>
/// <param name="Sum">‖q‖₁, rounded up.</param>
/// <param name="Norm">‖q‖₂, rounded up.</param>
internal readonly unsafe record struct SearchQuery(nint Address, float Largest, float Sum, float Norm)
{
    private const int N = Wkv.N;
    private const float Above = 1.00001f;

    /// <summary>(64) the query; not public, since records print what is.</summary>
    internal float* Q => (float*)Address;

    /// <summary>A query.</summary>
    /// <param name="q">(64)</param>
    public static SearchQuery Of(float* q)
    {
        float largest = 1e-30f, sum = 0, square = 0;
        for (int d = 0; d < N; d++)
        {
            float size = MathF.Abs(q[d]);
            largest = MathF.Max(largest, size);
            sum += size;
            square += size * size;
        }

        return new SearchQuery((nint)q, largest, sum * Above, MathF.Sqrt(square) * Above);
    }

    /// <summary>The query in 8 bits.</summary>
    /// <returns>The step, Σ p, and ‖q − step·p‖₂ rounded up.</returns>
    public static (float Scale, int Total, float Lost) InBytes(float* q, float largest, Span<sbyte> p)
    {
        float scale = largest / sbyte.MaxValue;
        int total = 0;
        double lost = 0;
        for (int d = 0; d < N; d++)
        {
            p[d] = (sbyte)Math.Clamp(MathF.Round(q[d] / scale), -sbyte.MaxValue, sbyte.MaxValue);
            total += p[d];
            double difference = q[d] - ((double)scale * p[d]);
            lost += difference * difference;
        }

        return (scale, total, (float)Math.Sqrt(lost) * Above);
    }
}
