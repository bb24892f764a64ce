namespace RwkvX.AI.Torch.Weights;

/// <summary>Device addresses of a large matrix.</summary>
/// <param name="Values">(rows, columns) in the type that <see cref="ModelShape.MatrixType"/> says.</param>
/// <param name="Scales">One f32 an output, where an element has 8 bits; else 0.</param>
internal readonly record struct MatrixWeights(ulong Values, ulong Scales)
{
    /// <summary>The rows from one on.</summary>
    public MatrixWeights From(int row, int columns, ModelShape shape)
        => new(Values + (ulong)((long)row * columns * shape.MatrixBytes), Scales == 0 ? 0 : Scales + (ulong)row * sizeof(float));
}
