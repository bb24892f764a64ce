using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>The smallest models there are, C = 64: lists of tensors that tests change and write.</summary>
internal static class ModelImage
{
    public const int C = 64, V = 8;

    /// <summary>All tensors of a model, bf16, or with its large matrices in 8 bits.</summary>
    public static List<TensorSpec> Tensors(int layers = 2, int sparseLayers = 1, bool int8 = false, string prefix = "rwkv.")
    {
        var model = new List<TensorSpec>();
        Add(model, $"{prefix}emb.weight", V, C);
        Norm(model, $"{prefix}blocks.0.ln0");
        for (int i = 0; i < layers; i++)
        {
            Block(model, $"{prefix}blocks.{i}", int8);
            TimeMix(model, $"{prefix}blocks.{i}.att", i);
        }
        for (int i = 0; i < sparseLayers; i++)
            Block(model, $"moba.{i}", int8);
        Norm(model, $"{prefix}ln_out");
        Matrix(model, $"{prefix}head.weight", V, C, int8);
        return model;
    }

    private static void Block(List<TensorSpec> model, string name, bool int8)
    {
        Norm(model, $"{name}.ln1");
        Norm(model, $"{name}.ln2");
        foreach (string matrix in (string[])["receptance", "key", "value", "output"])
            Matrix(model, $"{name}.att.{matrix}.weight", C, C, int8);
        Add(model, $"{name}.ffn.x_k", 1, 1, C);
        Matrix(model, $"{name}.ffn.key.weight", 4 * C, C, int8);
        Matrix(model, $"{name}.ffn.value.weight", C, 4 * C, int8);
    }

    private static void TimeMix(List<TensorSpec> model, string name, int layer)
    {
        foreach (string channels in (string[])["x_r", "x_w", "x_k", "x_v", "x_a", "x_g", "w0", "a0", "k_k", "k_a"])
            Add(model, $"{name}.{channels}", 1, 1, C);
        if (layer > 0)
            Add(model, $"{name}.v0", 1, 1, C);
        foreach ((char kind, int rank) in ((char, int)[])[('w', 4), ('a', 3), ('v', 2), ('g', 5)])
        {
            if (kind == 'v' && layer == 0)
                continue;
            Add(model, $"{name}.{kind}1", C, rank + layer);
            Add(model, $"{name}.{kind}2", rank + layer, C);
        }
        Add(model, $"{name}.r_k", 1, C);
        Norm(model, $"{name}.ln_x");
    }

    private static void Norm(List<TensorSpec> model, string name)
    {
        Add(model, $"{name}.weight", C);
        Add(model, $"{name}.bias", C);
    }

    private static void Matrix(List<TensorSpec> model, string name, int rows, int columns, bool int8)
    {
        model.Add(new TensorSpec(name, int8 ? TensorType.I8 : TensorType.BF16, rows, columns));
        if (int8)
            model.Add(new TensorSpec($"{name}_scale", TensorType.F32, rows));
    }

    private static void Add(List<TensorSpec> model, string name, params int[] shape) => model.Add(new TensorSpec(name, TensorType.BF16, shape));
}
