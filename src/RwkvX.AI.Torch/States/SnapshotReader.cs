using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>From a snapshot to a state on the device; keys and values of another type are converted to the engine's.</summary>
internal sealed class SnapshotReader(CudaStream stream, ModelShape shape, StateStore store)
{
    /// <exception cref="ArgumentException">The snapshot is of a model of other sizes, or its parts have other lengths.</exception>
    public CudaState Read(StateSnapshot snapshot)
    {
        StateSnapshotChecks.Check(snapshot, shape.Config, mayLackPages: true);
        CudaState state = new(store);
        try
        {
            state.StartDropped(DroppedChunks.Of(snapshot));
            state.Reserve(snapshot.TokenCount);
            Fill(state, snapshot);
            state.Advance(snapshot.TokenCount);
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    private void Fill(CudaState state, StateSnapshot snapshot)
    {
        float[] recurrent = new float[shape.StateWords];
        int c = shape.C;
        for (int i = 0; i < snapshot.RwkvLayers.Count; i++)
        {
            RwkvLayerSnapshot layer = snapshot.RwkvLayers[i];
            Span<float> at = recurrent.AsSpan((int)shape.RwkvOffset(i), (int)shape.RwkvWords);
            layer.AttXPrev.CopyTo(at);
            layer.FfnXPrev.CopyTo(at[c..]);
            StateMatrices.Write(layer.Wkv, shape, at[(2 * c)..]);
        }
        byte[][] pages = [.. state.Pages.Select(page => page.IsAbsent ? [] : new byte[shape.PageBytes])];
        for (int i = 0; i < snapshot.SparseLayers.Count; i++)
        {
            Span<float> at = recurrent.AsSpan((int)shape.SparseOffset(i), 2 * c);
            snapshot.SparseLayers[i].FfnXPrev.CopyTo(at);
            FillPages(snapshot.SparseLayers[i], snapshot.PageType, i, pages, at[c..]);
        }
        stream.Upload<float>(recurrent, state.Recurrent);
        for (int i = 0; i < pages.Length; i++)
            if (!state.Pages[i].IsAbsent)
                stream.Upload<byte>(pages[i], state.Pages[i].Address);
        stream.Synchronize();
        if (snapshot.SparseLayers.Any(layer => layer.Looks.Count > 0))
            state.Looks.Start([.. snapshot.SparseLayers.Select(layer => layer.Looks.ToArray())]);
    }

    private void FillPages(SparseLayerSnapshot layer, TensorType type, int index, byte[][] pages, Span<float> keySum)
    {
        int chunk = shape.Config.MobaChunkSize;
        for (int p = 0; p < layer.Pages.Count; p++)
        {
            PageSnapshot source = layer.Pages[p];
            byte[] last = pages[((p * chunk) + source.RowCount - 1) / shape.PageTokens];
            if (source.IsDropped)
            {
                if (last.Length > 0) // another layer has the chunk
                    PageLayout.Mean(last, shape, index).Fill(float.NaN);
                continue;
            }
            ReadOnlySpan<byte> keys = Converted(source.Keys.Span, type), values = Converted(source.Values.Span, type);
            for (int row = 0; row < source.RowCount; row += shape.PageTokens)
            {
                byte[] page = pages[(p * chunk + row) / shape.PageTokens];
                int count = Math.Min(shape.PageTokens, source.RowCount - row);
                PageLayout.Scatter(keys, row, shape, 2 * index, count, page);
                PageLayout.Scatter(values, row, shape, 2 * index + 1, count, page);
            }
            if (source.RowCount < chunk)
                AddRows(keys, keySum);
            else
                FillMean(source, keys, PageLayout.Mean(last, shape, index));
        }
    }

    private void FillMean(PageSnapshot source, ReadOnlySpan<byte> keys, Span<float> mean)
    {
        if (source.Mean is not null)
        {
            source.Mean.CopyTo(mean);
            return;
        }
        mean.Clear();
        AddRows(keys, mean);
        TensorPrimitives.Divide(mean, source.RowCount, mean);
    }

    private ReadOnlySpan<byte> Converted(ReadOnlySpan<byte> from, TensorType type)
    {
        TensorType to = SnapshotWriter.PageType(shape);
        if (type == to)
            return from;
        float[] wide = Widen(from, type);
        return to switch
        {
            TensorType.F32 => MemoryMarshal.AsBytes(wide.AsSpan()).ToArray(),
            TensorType.F16 => MemoryMarshal.AsBytes(Array.ConvertAll(wide, f => (Half)f).AsSpan()).ToArray(),
            _ => MemoryMarshal.AsBytes(Array.ConvertAll(wide, NearestBFloat16).AsSpan()).ToArray(),
        };
    }

    private static float[] Widen(ReadOnlySpan<byte> from, TensorType type)
    {
        float[] wide = new float[from.Length / CheckpointTensor.SizeOf(type)];
        ElementConversion.Widen(from, type, wide);
        return wide;
    }

    /// <summary>Round to nearest even, as the kernels do.</summary>
    private static ushort NearestBFloat16(float f)
    {
        uint bits = BitConverter.SingleToUInt32Bits(f);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private void AddRows(ReadOnlySpan<byte> keys, Span<float> sum)
    {
        float[] wide = Widen(keys, SnapshotWriter.PageType(shape));
        for (int i = 0; i < wide.Length; i++)
            sum[i % shape.C] += wide[i];
    }
}
