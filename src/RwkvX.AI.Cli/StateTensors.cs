using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>A state as tensors under the golden names, all F32.</summary>
internal static class StateTensors
{
    /// <summary>What <paramref name="state"/> will be after T tokens; it is exported when the first tensor is written.</summary>
    /// <param name="config">The model's sizes.</param>
    /// <param name="tokens">T.</param>
    /// <param name="state">Exports the state.</param>
    public static IEnumerable<TensorSource> Of(RwkvXConfig config, int tokens, Func<StateSnapshot> state)
    {
        Lazy<StateSnapshot> snapshot = new(state);
        int c = config.EmbeddingSize, h = config.HeadCount, n = config.HeadSize;
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            int i = layer;
            string name = $"state.rwkv.{i}.";
            yield return Floats(name + "att_x_prev", () => snapshot.Value.RwkvLayers[i].AttXPrev, c);
            yield return Floats(name + "wkv", () => snapshot.Value.RwkvLayers[i].Wkv, h, n, n);
            yield return Floats(name + "ffn_x_prev", () => snapshot.Value.RwkvLayers[i].FfnXPrev, c);
        }

        for (int layer = 0; layer < config.SparseLayerCount; layer++)
        {
            int i = layer;
            string name = $"state.moba.{i}.";
            yield return Rows(name + "key", snapshot, i, page => page.Keys, tokens, c);
            yield return Rows(name + "value", snapshot, i, page => page.Values, tokens, c);
            yield return Floats(name + "ffn_x_prev", () => snapshot.Value.SparseLayers[i].FfnXPrev, c);
        }
    }

    private static TensorSource Floats(string name, Func<float[]> values, params int[] shape) =>
        new(name, TensorType.F32, shape, stream => stream.Write(MemoryMarshal.AsBytes<float>(values())));

    private static TensorSource Rows(
        string name, Lazy<StateSnapshot> snapshot, int layer, Func<PageSnapshot, ReadOnlyMemory<byte>> rows, int tokens, int c) =>
        new(name, TensorType.F32, [tokens, c], stream =>
        {
            foreach (PageSnapshot page in snapshot.Value.SparseLayers[layer].Pages)
                stream.Write(MemoryMarshal.AsBytes<float>(Widen(rows(page).Span, snapshot.Value.PageType)));
        });

    private static float[] Widen(ReadOnlySpan<byte> bytes, TensorType type) => type switch
    {
        TensorType.F32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        TensorType.F16 => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(x => (float)x)],
        TensorType.BF16 =>
            [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(x => BitConverter.UInt32BitsToSingle((uint)x << 16))],
        _ => throw new NotSupportedException($"pages of {type}"),
    };
}
