using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>Between states of <see cref="TorchModel"/> and snapshots.</summary>
internal static class TorchStateExchange
{
    public static StateSnapshot Export(TorchState state, ScalarType type) => new()
    {
        Config = state.Owner.Config,
        TokenCount = state.TokenCount,
        RwkvLayers = [.. state.Rwkv.Select(l => new RwkvLayerSnapshot(Floats(l.AttXPrev), Floats(l.Wkv), Floats(l.FfnXPrev)))],
        SparseLayers = [.. state.Sparse.Select(l => new SparseLayerSnapshot(Floats(l.FfnXPrev), [.. l.Keys.Select((k, chunk) =>
            new PageSnapshot((int)k.shape[0], Bytes(k), Bytes(l.Values[chunk]), chunk < l.Means.Count ? Floats(l.Means[chunk]) : null))]))],
        PageType = type == ScalarType.BFloat16 ? TensorType.BF16 : TensorType.F32,
    };

    /// <exception cref="ArgumentException">The snapshot is of a model of other sizes, or its parts have other lengths.</exception>
    public static TorchState Import(StateSnapshot snapshot, TorchModel owner, ScalarType type)
    {
        StateSnapshotChecks.Check(snapshot, owner.Config);
        RwkvXConfig config = owner.Config;
        TorchState state = new(owner);
        state.Replace(0, () =>
        {
            for (int i = 0; i < snapshot.RwkvLayers.Count; i++)
            {
                RwkvLayerSnapshot from = snapshot.RwkvLayers[i];
                RwkvLayerState to = state.Rwkv[i];
                (to.AttXPrev, to.FfnXPrev) = (tensor(from.AttXPrev), tensor(from.FfnXPrev));
                to.Wkv = tensor(from.Wkv, [config.HeadCount, config.HeadSize, config.HeadSize]);
            }

            for (int m = 0; m < snapshot.SparseLayers.Count; m++)
            {
                state.Sparse[m].FfnXPrev = tensor(snapshot.SparseLayers[m].FfnXPrev);
                foreach (PageSnapshot page in snapshot.SparseLayers[m].Pages)
                    AddPage(state.Sparse[m], page, snapshot.PageType, type, config);
            }
        });
        state.SetTokenCount(snapshot.TokenCount);
        return state;
    }

    private static void AddPage(SparseLayerState layer, PageSnapshot page, TensorType from, ScalarType type, RwkvXConfig config)
    {
        Tensor Rows(ReadOnlyMemory<byte> bytes)
        {
            float[] wide = new float[page.RowCount * config.EmbeddingSize];
            ElementConversion.Widen(bytes.Span, from, wide);
            return tensor(wide, [page.RowCount, config.HeadCount, config.HeadSize]).to(type);
        }

        Tensor keys = Rows(page.Keys);
        layer.Keys.Add(keys);
        layer.Values.Add(Rows(page.Values));
        if (page.RowCount == config.MobaChunkSize)
            layer.Means.Add(page.Mean is null ? keys.to(ScalarType.Float32).mean([0]) : tensor(page.Mean, [config.HeadCount, config.HeadSize]));
    }

    private static float[] Floats(Tensor t) => t.contiguous().data<float>().ToArray();

    private static byte[] Bytes(Tensor t)
    {
        using Tensor wide = t.contiguous().to(ScalarType.Float32);
        float[] values = wide.data<float>().ToArray();
        // Exact: the values are those of the narrow type.
        return t.dtype == ScalarType.BFloat16
            ? MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(values, f => (ushort)(BitConverter.SingleToUInt32Bits(f) >> 16))).ToArray()
            : MemoryMarshal.AsBytes<float>(values).ToArray();
    }
}
