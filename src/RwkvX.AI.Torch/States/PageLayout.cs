using System.Runtime.InteropServices;

namespace RwkvX.AI.Torch.States;

/// <summary>A page as it lies on the device: for every sparse layer the planes of keys and values, (H, tokens, 64) each, then the means (C) f32.</summary>
internal static class PageLayout
{
    /// <summary>Copies rows of a plane to (rows, C).</summary>
    /// <param name="page">The page's bytes.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="plane">2 · layer for keys, 2 · layer + 1 for values.</param>
    /// <param name="count">Rows, from the page's first.</param>
    /// <param name="rows">(…, C) where they go.</param>
    /// <param name="first">The row there of the page's first.</param>
    public static void Gather(ReadOnlySpan<byte> page, ModelShape shape, int plane, int count, Span<byte> rows, int first)
    {
        int head = shape.Config.HeadSize * shape.ElementBytes;
        for (int h = 0; h < shape.H; h++)
            for (int t = 0; t < count; t++)
                page.Slice(Offset(shape, plane, h, t), head).CopyTo(rows[(((first + t) * shape.H + h) * head)..]);
    }

    /// <summary>The reverse of <see cref="Gather"/>.</summary>
    public static void Scatter(ReadOnlySpan<byte> rows, int first, ModelShape shape, int plane, int count, Span<byte> page)
    {
        int head = shape.Config.HeadSize * shape.ElementBytes;
        for (int h = 0; h < shape.H; h++)
            for (int t = 0; t < count; t++)
                rows.Slice(((first + t) * shape.H + h) * head, head).CopyTo(page[Offset(shape, plane, h, t)..]);
    }

    /// <summary>(C) the mean key of the chunk that ends in this page.</summary>
    public static Span<float> Mean(Span<byte> page, ModelShape shape, int layer)
        => MemoryMarshal.Cast<byte, float>(page[MeanOffset(shape, 0)..]).Slice(layer * shape.C, shape.C);

    /// <summary>Where a layer's mean lies in a page, in bytes.</summary>
    public static int MeanOffset(ModelShape shape, int layer)
        => (2 * shape.Config.SparseLayerCount * shape.C * shape.PageTokens * shape.ElementBytes) + (layer * shape.C * sizeof(float));

    private static int Offset(ModelShape shape, int plane, int head, int token)
        => ((plane * shape.H + head) * shape.PageTokens + token) * shape.Config.HeadSize * shape.ElementBytes;
}
