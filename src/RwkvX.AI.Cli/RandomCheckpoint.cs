using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>A checkpoint of any shape with bf16 random weights. Tensors share two buffers of random numbers: what matters is that a device reads real bits, and nothing goes to a disk.</summary>
internal sealed unsafe class RandomCheckpoint : Checkpoint
{
    private readonly Dictionary<string, CheckpointTensor> _tensors = [];
    private readonly ushort* _matrix;
    private readonly ushort* _vector;

    /// <param name="config">The sizes.</param>
    public RandomCheckpoint(RwkvXConfig config)
    {
        (int layers, int width, int sparse, int vocabulary) = (config.LayerCount, config.EmbeddingSize, config.SparseLayerCount, config.VocabSize);
        long count = Math.Max((long)vocabulary * width, 4L * width * width);
        _matrix = (ushort*)NativeMemory.Alloc((nuint)count, sizeof(ushort));
        _vector = (ushort*)NativeMemory.Alloc((nuint)width * 8, sizeof(ushort));
        double scale = 1 / Math.Sqrt(width);
        Parallel.For(0, 64, part =>
        {
            Random random = new(part);
            for (long i = count * part / 64; i < count * (part + 1) / 64; i++)
                _matrix[i] = Bits((float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2 * scale));
        });
        Random uniform = new(1);
        for (int i = 0; i < width * 8; i++)
            _vector[i] = Bits(uniform.NextSingle());
        // Ranks of the published checkpoints of these widths.
        (int w, int a, int v, int g) = width >= 2560 ? (96, 96, 64, 320) : width >= 2048 ? (96, 96, 64, 256) : (64, 64, 32, 128);
        Add("rwkv.emb.weight", vocabulary, width);
        Add("rwkv.head.weight", vocabulary, width);
        Norm("rwkv.ln_out", width);
        Norm("rwkv.blocks.0.ln0", width);
        for (int i = 0; i < layers; i++)
            Rwkv($"rwkv.blocks.{i}", width, i == 0, w, a, v, g);
        for (int i = 0; i < sparse; i++)
            Sparse($"moba.{i}", width);
    }

    public override string Path => "<random>";

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    protected override void Dispose(bool disposing)
    {
        if (_tensors.Count == 0)
            return;
        _tensors.Clear();
        NativeMemory.Free(_matrix);
        NativeMemory.Free(_vector);
    }

    private static ushort Bits(float f) => (ushort)(BitConverter.SingleToUInt32Bits(f) >> 16);

    private void Rwkv(string name, int c, bool first, int w, int a, int v, int g)
    {
        Norm($"{name}.ln1", c);
        Norm($"{name}.ln2", c);
        foreach (char x in "rwkvag")
            Add($"{name}.att.x_{x}", 1, 1, c);
        foreach (string vector in (string[])["w0", "a0", "k_k", "k_a"])
            Add($"{name}.att.{vector}", 1, 1, c);
        if (!first)
            Add($"{name}.att.v0", 1, 1, c);
        Add($"{name}.att.r_k", c / 64, 64);
        foreach ((char kind, int rank) in ((char, int)[])[('w', w), ('a', a), ('v', v), ('g', g)])
        {
            if (kind == 'v' && first)
                continue;
            Add($"{name}.att.{kind}1", c, rank);
            Add($"{name}.att.{kind}2", rank, c);
        }
        foreach (string square in (string[])["receptance", "key", "value", "output"])
            Add($"{name}.att.{square}.weight", c, c);
        Norm($"{name}.att.ln_x", c);
        ChannelMix($"{name}.ffn", c);
    }

    private void Sparse(string name, int c)
    {
        Norm($"{name}.ln1", c);
        Norm($"{name}.ln2", c);
        foreach (string square in (string[])["receptance", "key", "value", "output"])
            Add($"{name}.att.{square}.weight", c, c);
        ChannelMix($"{name}.ffn", c);
    }

    private void ChannelMix(string name, int c)
    {
        Add($"{name}.x_k", 1, 1, c);
        Add($"{name}.key.weight", 4 * c, c);
        Add($"{name}.value.weight", c, 4 * c);
    }

    private void Norm(string name, int c)
    {
        Add($"{name}.weight", c);
        Add($"{name}.bias", c);
    }

    private void Add(string name, params int[] shape)
    {
        bool vector = shape.Length != 2 || name.EndsWith("r_k", StringComparison.Ordinal);
        long count = shape.Aggregate(1L, (product, n) => product * n);
        _tensors.Add(name, new CheckpointTensor(name, TensorType.BF16, shape, (byte*)(vector ? _vector : _matrix), count * sizeof(ushort)));
    }
}
