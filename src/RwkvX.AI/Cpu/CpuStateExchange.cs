using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu.Kernels;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>States to and from the neutral form: plain layouts, rows = value index, keys row by row with the heads side by side.</summary>
internal static unsafe class CpuStateExchange
{
    private const int N = Wkv.N;

    /// <summary>A copy of a state that no engine owns.</summary>
    public static StateSnapshot Export(CpuState state)
    {
        RwkvXConfig config = state.Config;
        state.Reserve(0); // an empty state has no memory yet; its export is all zeros
        return new StateSnapshot
        {
            Config = config,
            TokenCount = state.TokenCount,
            RwkvLayers = [.. Enumerable.Range(0, config.LayerCount).Select(i => ExportRwkv(state, i))],
            SparseLayers = [.. Enumerable.Range(0, config.SparseLayerCount).Select(m => ExportSparse(state, m))],
        };
    }

    /// <summary>A state with a snapshot's content.</summary>
    /// <exception cref="ArgumentException">It does not fit the model, or contradicts itself.</exception>
    public static CpuState Import(StateSnapshot snapshot, RwkvXConfig config, object owner)
    {
        StateSnapshotChecks.Check(snapshot, config);
        CpuState state = new(config, owner);
        try
        {
            state.Reserve(checked((int)snapshot.TokenCount));
            for (int i = 0; i < config.LayerCount; i++)
            {
                RwkvLayerSnapshot layer = snapshot.RwkvLayers[i];
                layer.AttXPrev.CopyTo(new Span<float>(state.AttXPrev(i), config.EmbeddingSize));
                layer.FfnXPrev.CopyTo(new Span<float>(state.FfnXPrev(i), config.EmbeddingSize));
                fixed (float* wkv = layer.Wkv)
                {
                    Transpose(wkv, state.WkvState(i), config.HeadCount);
                }
            }

            for (int m = 0; m < config.SparseLayerCount; m++)
            {
                ImportSparse(snapshot.SparseLayers[m], snapshot.PageType, state, m);
            }

            state.Advance((int)snapshot.TokenCount);
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    private static RwkvLayerSnapshot ExportRwkv(CpuState state, int layer)
    {
        int C = state.Config.EmbeddingSize, H = state.Config.HeadCount;
        float[] wkv = new float[H * N * N];
        fixed (float* destination = wkv)
        {
            Transpose(state.WkvState(layer), destination, H);
        }

        return new RwkvLayerSnapshot(
            new Span<float>(state.AttXPrev(layer), C).ToArray(), wkv, new Span<float>(state.FfnXPrev(layer), C).ToArray());
    }

    private static SparseLayerSnapshot ExportSparse(CpuState state, int layer)
    {
        PagedRows keyValues = state.KeyValues(layer);
        int B = keyValues.RowsPerPage;
        List<PageSnapshot> pages = [];
        for (long row = 0; row < keyValues.Count; row += B)
        {
            pages.Add(ExportPage(state, layer, (int)(row / B), (int)Math.Min(B, keyValues.Count - row)));
        }

        return new SparseLayerSnapshot(new Span<float>(state.SparseFfnXPrev(layer), state.Config.EmbeddingSize).ToArray(), pages);
    }

    private static PageSnapshot ExportPage(CpuState state, int layer, int chunk, int rows)
    {
        int C = state.Config.EmbeddingSize, H = state.Config.HeadCount;
        Page page = state.KeyValues(layer)[chunk];
        float[] keys = new float[rows * C], values = new float[rows * C];
        float[]? mean = rows == state.Config.MobaChunkSize ? new float[C] : null;
        for (int head = 0; head < H; head++)
        {
            for (int row = 0; row < rows; row++)
            {
                Gather(page.Key(head, row), keys.AsSpan((row * C) + (head * N), N));
                new ReadOnlySpan<float>(page.Value(head, row), N).CopyTo(values.AsSpan((row * C) + (head * N)));
            }

            if (mean is not null)
            {
                Gather(MeanOf(state, layer, chunk, head), mean.AsSpan(head * N, N));
            }
        }

        return new PageSnapshot(rows, MemoryMarshal.AsBytes<float>(keys).ToArray(), MemoryMarshal.AsBytes<float>(values).ToArray(), mean);
    }

    private static void ImportSparse(SparseLayerSnapshot layer, TensorType type, CpuState state, int m)
    {
        int C = state.Config.EmbeddingSize;
        layer.FfnXPrev.CopyTo(new Span<float>(state.SparseFfnXPrev(m), C));
        for (int chunk = 0; chunk < layer.Pages.Count; chunk++)
        {
            ImportPage(layer.Pages[chunk], type, state, m, chunk);
        }
    }

    private static void ImportPage(PageSnapshot snapshot, TensorType type, CpuState state, int layer, int chunk)
    {
        int C = state.Config.EmbeddingSize, H = state.Config.HeadCount, B = state.Config.MobaChunkSize;
        float[] keys = new float[snapshot.RowCount * C], values = new float[snapshot.RowCount * C];
        ElementConversion.Widen(snapshot.Keys.Span, type, keys);
        ElementConversion.Widen(snapshot.Values.Span, type, values);
        Page page = state.KeyValues(layer)[chunk];
        PagedRows means = state.Means(layer);
        for (int head = 0; head < H; head++)
        {
            for (int row = 0; row < snapshot.RowCount; row++)
            {
                Scatter(keys.AsSpan((row * C) + (head * N), N), page.Key(head, row));
                values.AsSpan((row * C) + (head * N), N).CopyTo(new Span<float>(page.Value(head, row), N));
            }

            if (snapshot.RowCount < B)
            {
                continue;
            }

            if (snapshot.Mean is { } mean)
            {
                Scatter(mean.AsSpan(head * N, N), MeanOf(state, layer, chunk, head));
            }
            else
            {
                ChunkGate.Mean(page.Keys(head), B, MeanOf(state, layer, chunk, head));
            }

            MeanCodes.Encode(means[chunk / means.RowsPerPage], head, chunk % means.RowsPerPage);
        }
    }

    private static float* MeanOf(CpuState state, int layer, int chunk, int head)
    {
        PagedRows means = state.Means(layer);
        return means[chunk / means.RowsPerPage].Key(head, chunk % means.RowsPerPage);
    }

    private static void Transpose(float* source, float* destination, int heads)
    {
        for (int head = 0; head < heads; head++, source += N * N, destination += N * N)
        {
            for (int i = 0; i < N; i++)
            {
                for (int j = 0; j < N; j++)
                {
                    destination[(j * N) + i] = source[(i * N) + j];
                }
            }
        }
    }

    private static void Gather(float* key, Span<float> row)
    {
        for (int d = 0; d < N; d++)
        {
            row[d] = key[d * KeyScores.BlockRows];
        }
    }

    private static void Scatter(ReadOnlySpan<float> row, float* key)
    {
        for (int d = 0; d < N; d++)
        {
            key[d * KeyScores.BlockRows] = row[d];
        }
    }
}
