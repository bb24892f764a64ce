using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>From a state on the device to a snapshot.</summary>
internal sealed class SnapshotWriter(CudaStream stream, ModelShape shape)
{
    private const int N = 64;

    /// <summary>The type of pages in a snapshot of this engine.</summary>
    public static TensorType PageType(ModelShape shape) => shape.WeightType switch
    {
        0 => TensorType.F32,
        1 => TensorType.BF16,
        _ => TensorType.F16,
    };

    public StateSnapshot Write(CudaState state)
    {
        float[] recurrent = new float[shape.StateWords];
        byte[][] pages = [.. state.Pages.Take((int)((state.TokenCount + shape.PageTokens - 1) / shape.PageTokens)).Select(page => page.IsAbsent ? [] : new byte[shape.PageBytes])];
        Download(state, recurrent, pages);
        int[][] looks = state.Looks.AreKnown ? new StatePages(state).Looks() : [];
        int c = shape.C;
        RwkvLayerSnapshot Rwkv(int layer)
        {
            ReadOnlySpan<float> at = recurrent.AsSpan((int)shape.RwkvOffset(layer), (int)shape.RwkvWords);
            return new RwkvLayerSnapshot(at[..c].ToArray(), StateMatrices.Read(at[(2 * c)..], shape), at[c..(2 * c)].ToArray());
        }
        return new StateSnapshot
        {
            Config = shape.Config,
            TokenCount = state.TokenCount,
            RwkvLayers = [.. Enumerable.Range(0, shape.Config.LayerCount).Select(Rwkv)],
            SparseLayers = [.. Enumerable.Range(0, shape.Config.SparseLayerCount).Select(layer => new SparseLayerSnapshot(
                recurrent.AsSpan((int)shape.SparseOffset(layer), c).ToArray(), [.. Chunks(state, layer, pages)]) { Looks = layer < looks.Length ? looks[layer] : [] })],
            PageType = PageType(shape),
        };
    }

    private unsafe void Download(CudaState state, float[] recurrent, byte[][] pages)
    {
        fixed (float* to = recurrent)
            stream.Download(state.Recurrent, to, (long)recurrent.Length * sizeof(float));
        for (int i = 0; i < pages.Length; i++)
        {
            if (pages[i].Length == 0)
                continue;
            fixed (byte* to = pages[i])
            {
                stream.Download(state.Pages[i].Address, to, pages[i].Length);
                stream.Synchronize();
            }
        }
        stream.Synchronize();
    }

    private IEnumerable<PageSnapshot> Chunks(CudaState state, int layer, byte[][] pages)
    {
        int chunk = shape.Config.MobaChunkSize;
        for (long first = 0; first < state.TokenCount; first += chunk)
        {
            int rows = (int)Math.Min(chunk, state.TokenCount - first);
            if (state.Dropped.Contains(layer, (int)(first / chunk)))
            {
                yield return PageSnapshot.Dropped(rows);
                continue;
            }
            byte[] keys = new byte[(long)rows * shape.C * shape.ElementBytes], values = new byte[keys.Length];
            for (int row = 0; row < rows; row += shape.PageTokens)
            {
                byte[] page = pages[(first + row) / shape.PageTokens];
                int count = Math.Min(shape.PageTokens, rows - row);
                PageLayout.Gather(page, shape, 2 * layer, count, keys, row);
                PageLayout.Gather(page, shape, 2 * layer + 1, count, values, row);
            }
            float[]? mean = rows < chunk ? null : PageLayout.Mean(pages[(first + chunk - 1) / shape.PageTokens], shape, layer).ToArray();
            yield return new PageSnapshot(rows, keys, values, mean);
        }
    }
}
