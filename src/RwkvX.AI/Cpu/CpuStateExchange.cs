using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu.Kernels;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>States to and from the neutral form: plain layouts, rows = value index, keys row by row with the heads side by side.</summary>
internal static unsafe class CpuStateExchange
{
    private const int N = Wkv.N;

    /// <summary>A state as it is now. Its full pages are held, not copied: they do not change.</summary>
    public static StateSnapshot Export(CpuState state)
    {
        RwkvXConfig config = state.Config;
        state.Reserve(0); // an empty state has no memory yet; its export is all zeros
        int full = (int)(state.TokenCount / config.MobaChunkSize);
        ExportedPages lease = new([.. Enumerable.Range(0, config.SparseLayerCount).SelectMany(
            m => Enumerable.Range(0, full).Where(chunk => !state.KeyValues(m).IsDropped(chunk)).Select(chunk => state.KeyValues(m)[chunk].Share()))]);
        return new StateSnapshot
        {
            Config = config,
            TokenCount = state.TokenCount,
            RwkvLayers = [.. Enumerable.Range(0, config.LayerCount).Select(i => ExportRwkv(state, i))],
            SparseLayers = [.. Enumerable.Range(0, config.SparseLayerCount).Select(m => ExportSparse(state, m, lease))],
            Lease = lease,
        };
    }

    /// <summary>A state with a snapshot's content. Full pages of a snapshot with a lease stay where they are until a pass looks at them.</summary>
    /// <exception cref="ArgumentException">It does not fit the model, or contradicts itself.</exception>
    public static CpuState Import(StateSnapshot snapshot, RwkvXConfig config, object owner, PagePool pool)
    {
        StateSnapshotChecks.Check(snapshot, config, mayLackPages: true);
        CpuState state = new(config, owner, pool);
        CountedLease? lease = snapshot.Lease is { } pages && config.SparseLayerCount > 0 ? new CountedLease(pages.Share()) : null;
        try
        {
            int chunks = ChunksInPlace(snapshot, lease);
            for (int m = 0; m < config.SparseLayerCount; m++)
            {
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    PageSnapshot page = snapshot.SparseLayers[m].Pages[chunk];
                    state.KeyValues(m).Append(page.IsDropped ? null : new PageSource(page, snapshot.PageType, lease!.Hold()));
                }
            }

            state.StartAt(chunks);
            int rest = checked((int)(snapshot.TokenCount - state.TokenCount));
            state.Reserve(rest);
            ImportRecurrent(snapshot, state);
            for (int m = 0; m < config.SparseLayerCount; m++)
            {
                ImportSparse(snapshot.SparseLayers[m], snapshot.PageType, state, m, chunks);
            }

            state.Advance(rest);
            for (int m = 0; m < config.SparseLayerCount; m++)
            {
                state.KeyValues(m).Drop(DroppedIn(snapshot.SparseLayers[m]));
            }

            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
        finally
        {
            lease?.Release();
        }
    }

    private static IEnumerable<int> DroppedIn(SparseLayerSnapshot layer) =>
        Enumerable.Range(0, layer.Pages.Count).Where(chunk => layer.Pages[chunk].IsDropped);

    /// <summary>The first pages that can stay in the snapshot: those whose mean it has.</summary>
    private static int ChunksInPlace(StateSnapshot snapshot, CountedLease? lease)
    {
        if (lease is null)
        {
            return 0;
        }

        int full = (int)(snapshot.TokenCount / snapshot.Config.MobaChunkSize);
        return snapshot.SparseLayers.Min(layer => layer.Pages.Take(full).TakeWhile(page => page.IsDropped || page.Mean is not null).Count());
    }

    private static void ImportRecurrent(StateSnapshot snapshot, CpuState state)
    {
        RwkvXConfig config = state.Config;
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

    private static SparseLayerSnapshot ExportSparse(CpuState state, int layer, ExportedPages lease)
    {
        PagedRows keyValues = state.KeyValues(layer);
        int B = keyValues.RowsPerPage, C = state.Config.EmbeddingSize, H = state.Config.HeadCount;
        int full = (int)(keyValues.Count / B), rest = (int)(keyValues.Count % B), bytes = B * C * sizeof(float);
        List<PageSnapshot> pages = new(full + 1);
        for (int chunk = 0; chunk < full; chunk++)
        {
            if (keyValues.IsDropped(chunk))
            {
                pages.Add(PageSnapshot.Dropped(B));
                continue;
            }

            Page page = keyValues[chunk];
            pages.Add(new PageSnapshot(B, new ExportedHalf(page, values: false, bytes, lease).Memory, new ExportedHalf(page, values: true, bytes, lease).Memory, ExportMean(state, layer, chunk)));
        }

        if (rest > 0)
        {
            Page page = keyValues[full];
            pages.Add(new PageSnapshot(rest, PlainRows.PlainKeys(page.Keys(0), H, page.Capacity, rest), PlainRows.PlainValues(page.Keys(0), H, page.Capacity, rest), null));
        }

        return new SparseLayerSnapshot(new Span<float>(state.SparseFfnXPrev(layer), C).ToArray(), pages) { Looks = keyValues.Looks() };
    }

    private static float[] ExportMean(CpuState state, int layer, int chunk)
    {
        float[] mean = new float[state.Config.EmbeddingSize];
        for (int head = 0; head < state.Config.HeadCount; head++)
        {
            PlainRows.GatherKey(MeanOf(state, layer, chunk, head), mean.AsSpan(head * N, N));
        }

        return mean;
    }

    /// <summary>A sparse layer's vector, its means, and the pages from <paramref name="from"/> on.</summary>
    private static void ImportSparse(SparseLayerSnapshot layer, TensorType type, CpuState state, int m, int from)
    {
        layer.FfnXPrev.CopyTo(new Span<float>(state.SparseFfnXPrev(m), state.Config.EmbeddingSize));
        int H = state.Config.HeadCount;
        for (int chunk = 0; chunk < layer.Pages.Count; chunk++)
        {
            PageSnapshot page = layer.Pages[chunk];
            if (chunk >= from && !page.IsDropped)
            {
                Page own = state.KeyValues(m)[chunk];
                PlainRows.LayOut(page, type, own.Keys(0), H, own.Capacity);
            }

            if (page.RowCount == state.Config.MobaChunkSize)
            {
                ImportMeans(page, state, m, chunk);
            }
        }

        state.KeyValues(m).StartLooks(layer.Looks);
    }

    private static void ImportMeans(PageSnapshot snapshot, CpuState state, int layer, int chunk)
    {
        PagedRows means = state.Means(layer);
        for (int head = 0; head < state.Config.HeadCount; head++)
        {
            if (snapshot.Mean is { } mean)
            {
                PlainRows.ScatterKey(mean.AsSpan(head * N, N), MeanOf(state, layer, chunk, head));
            }
            else if (!snapshot.IsDropped) // whose mean is zeros, and masked
            {
                ChunkGate.Mean(state.KeyValues(layer)[chunk].Keys(head), state.Config.MobaChunkSize, MeanOf(state, layer, chunk, head));
            }

            MeanCodes.Encode(means, head, chunk);
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
}
