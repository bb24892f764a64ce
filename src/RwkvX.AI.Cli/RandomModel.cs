using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>A model file of random bf16 weights in the published layout: what timing needs, and nothing to download.</summary>
internal static class RandomModel
{
    private static readonly string[] SquareNames = ["receptance", "key", "value", "output"];
    private static readonly string[] VectorNames = ["x_r", "x_w", "x_k", "x_v", "x_a", "x_g", "w0", "a0", "k_k", "k_a"];

    /// <summary>Writes a file.</summary>
    /// <param name="path">The safetensors file.</param>
    /// <param name="config">The sizes.</param>
    /// <param name="cancellationToken">Acts between tensors.</param>
    public static void Write(string path, RwkvXConfig config, CancellationToken cancellationToken)
    {
        Random random = new(1);
        SafetensorsWriter.Write(path, [.. Tensors(config, random)], cancellationToken: cancellationToken);
    }

    private static IEnumerable<TensorSource> Tensors(RwkvXConfig config, Random random)
    {
        int c = config.EmbeddingSize, v = config.VocabSize;
        float scale = 1 / MathF.Sqrt(c);
        TensorSource Matrix(string name, int rows, int columns) => Tensor(random, name, 0, scale, rows, columns);
        TensorSource Vector(string name, float mean) => Tensor(random, name, mean, 0.1f, 1, 1, c);
        TensorSource[] Norm(string name) => [Tensor(random, name + ".weight", 1, 0, c), Tensor(random, name + ".bias", 0, 0, c)];
        TensorSource[] ChannelMix(string name) =>
            [Vector(name + ".x_k", 0.5f), Matrix(name + ".key.weight", 4 * c, c), Matrix(name + ".value.weight", c, 4 * c)];
        TensorSource[] Squares(string name) =>
            [.. SquareNames.Select(kind => Matrix($"{name}.{kind}.weight", c, c))];
        IEnumerable<TensorSource> LowRank(string name, char kind, int rank) =>
            [Matrix($"{name}.{kind}1", c, rank), Matrix($"{name}.{kind}2", rank, c)];

        yield return Tensor(random, "rwkv.emb.weight", 0, 0.1f, v, c);
        foreach (TensorSource tensor in Norm("rwkv.blocks.0.ln0")) yield return tensor;
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string name = $"rwkv.blocks.{layer}", att = name + ".att";
            List<TensorSource> tensors = [.. Norm(name + ".ln1"), .. Norm(name + ".ln2"), .. Norm(att + ".ln_x"), .. Squares(att)];
            tensors.AddRange(ChannelMix(name + ".ffn"));
            tensors.AddRange(VectorNames.Select(kind => Vector($"{att}.{kind}", 0.5f)));
            tensors.Add(Tensor(random, att + ".r_k", 0, 0.1f, config.HeadCount, config.HeadSize));

            // The ranks that the published RWKV-7 checkpoints have for their width.
            int middle = Rank(1.8 * Math.Pow(c, 0.5)), gate = Rank(0.6 * Math.Pow(c, 0.8)), value = Rank(1.3 * Math.Pow(c, 0.5));
            tensors.AddRange([.. LowRank(att, 'w', middle), .. LowRank(att, 'a', middle), .. LowRank(att, 'g', gate)]);
            if (layer > 0) tensors.AddRange([Vector(att + ".v0", 0.5f), .. LowRank(att, 'v', value)]);
            foreach (TensorSource tensor in tensors) yield return tensor;
        }

        for (int layer = 0; layer < config.SparseLayerCount; layer++)
        {
            string name = $"moba.{layer}";
            TensorSource[] tensors = [.. Norm(name + ".ln1"), .. Norm(name + ".ln2"), .. Squares(name + ".att"), .. ChannelMix(name + ".ffn")];
            foreach (TensorSource tensor in tensors) yield return tensor;
        }

        foreach (TensorSource tensor in Norm("rwkv.ln_out")) yield return tensor;
        yield return Matrix("rwkv.head.weight", v, c);
    }

    private static int Rank(double size) => Math.Max(32, (int)Math.Round(size / 32) * 32);

    /// <summary>Values drawn evenly from mean ± √3·deviation; a block of them repeated, since nothing but their size matters.</summary>
    private static TensorSource Tensor(Random random, string name, float mean, float deviation, params int[] shape) =>
        new(name, TensorType.BF16, shape, stream =>
        {
            ushort[] block = new ushort[65_521]; // a prime: rows do not repeat
            for (int i = 0; i < block.Length; i++)
            {
                float value = mean + (deviation * MathF.Sqrt(3) * ((2 * random.NextSingle()) - 1));
                block[i] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
            }

            for (long left = shape.Aggregate(1L, (count, size) => count * size); left > 0; left -= block.Length)
                stream.Write(MemoryMarshal.AsBytes(block.AsSpan(0, (int)Math.Min(left, block.Length))));
        });
}
