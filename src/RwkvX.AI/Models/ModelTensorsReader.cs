using System.Globalization;
using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>Takes a model's tensors from a checkpoint one by one, so that in the end none is missing and none is left.</summary>
internal sealed class ModelTensorsReader
{
    private const int HeadSize = 64;
    private const string SparsePrefix = "moba.";

    private readonly Checkpoint _checkpoint;
    private readonly HashSet<CheckpointTensor> _left;
    private readonly string _prefix;
    private readonly int _vocabSize;
    private readonly int _embeddingSize;

    public ModelTensorsReader(Checkpoint checkpoint)
    {
        _checkpoint = checkpoint;
        _left = [.. checkpoint.Tensors.Values];
        bool prefixed = checkpoint.TryGet("rwkv.emb.weight", out CheckpointTensor? embedding);
        if (!prefixed && !checkpoint.TryGet("emb.weight", out embedding))
            throw new CheckpointException(checkpoint.Path, "rwkv.emb.weight", "the embedding of an RWKV-X or RWKV-7 model", "none");
        _prefix = prefixed ? "rwkv." : "";
        if (embedding!.Shape is not [> 0 and var v, > 0 and var c] || c % HeadSize != 0 || c > int.MaxValue / 4)
            throw Wrong(embedding.Name, $"(V, C) with C a multiple of {HeadSize}", TensorShape.Format(embedding.Shape));
        (_vocabSize, _embeddingSize) = (v, c);
    }

    public ModelTensors Read(int mobaChunkSize, int mobaTopK)
    {
        int layers = CountLayers(_prefix + "blocks."), sparseLayers = CountLayers(SparsePrefix);
        if (sparseLayers > 0 && layers % sparseLayers != 0)
            throw new CheckpointException(_checkpoint.Path, $"expected a number of RWKV layers that is a multiple of the {sparseLayers} sparse ones, found {layers}");
        var tensors = new ModelTensors(_checkpoint)
        {
            Embedding = Float(_prefix + "emb.weight", _vocabSize, _embeddingSize),
            Ln0 = Norm(_prefix + "blocks.0.ln0"),
            RwkvLayers = ReadLayers(layers, ReadRwkvLayer),
            SparseLayers = ReadLayers(sparseLayers, ReadSparseLayer),
            LnOut = Norm(_prefix + "ln_out"),
            Head = Matrix(_prefix + "head.weight", _vocabSize, _embeddingSize),
            Config = new RwkvXConfig
            {
                EmbeddingSize = _embeddingSize,
                LayerCount = layers,
                SparseLayerCount = sparseLayers,
                VocabSize = _vocabSize,
                HeadSize = HeadSize,
                MobaChunkSize = mobaChunkSize,
                MobaTopK = mobaTopK,
            },
        };
        RefuseLeftovers();
        return tensors;
    }

    /// <summary>One more than the highest layer that any name has: a gap below shows as a missing tensor.</summary>
    private int CountLayers(string prefix)
    {
        int count = 0;
        foreach (string name in _checkpoint.Tensors.Keys)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            ReadOnlySpan<char> number = name.AsSpan(prefix.Length);
            number = number[..Math.Max(number.IndexOf('.'), 0)];
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int layer) && layer < int.MaxValue)
                count = Math.Max(count, layer + 1);
        }
        return count;
    }

    /// <summary>Grows with the layers found, not with the number that a name claims.</summary>
    private static List<T> ReadLayers<T>(int count, Func<int, T> read)
    {
        List<T> layers = [];
        for (int i = 0; i < count; i++)
            layers.Add(read(i));
        return layers;
    }

    private RwkvLayerTensors ReadRwkvLayer(int layer)
    {
        string name = $"{_prefix}blocks.{layer}";
        return new RwkvLayerTensors(Norm($"{name}.ln1"), Norm($"{name}.ln2"), ReadTimeMix($"{name}.att", layer), ReadChannelMix($"{name}.ffn"));
    }

    private SparseLayerTensors ReadSparseLayer(int layer)
    {
        string name = $"{SparsePrefix}{layer}";
        var attention = new SparseAttentionTensors(
            Square($"{name}.att.receptance.weight"), Square($"{name}.att.key.weight"), Square($"{name}.att.value.weight"), Square($"{name}.att.output.weight"));
        return new SparseLayerTensors(Norm($"{name}.ln1"), Norm($"{name}.ln2"), attention, ReadChannelMix($"{name}.ffn"));
    }

    private TimeMixTensors ReadTimeMix(string name, int layer)
    {
        (CheckpointTensor w1, CheckpointTensor w2) = LowRank(name, 'w');
        (CheckpointTensor a1, CheckpointTensor a2) = LowRank(name, 'a');
        (CheckpointTensor g1, CheckpointTensor g2) = LowRank(name, 'g');
        (CheckpointTensor? v1, CheckpointTensor? v2) = layer == 0 ? (null, null) : LowRank(name, 'v');
        return new TimeMixTensors
        {
            Xr = Channels($"{name}.x_r"),
            Xw = Channels($"{name}.x_w"),
            Xk = Channels($"{name}.x_k"),
            Xv = Channels($"{name}.x_v"),
            Xa = Channels($"{name}.x_a"),
            Xg = Channels($"{name}.x_g"),
            W0 = Channels($"{name}.w0"),
            W1 = w1,
            W2 = w2,
            A0 = Channels($"{name}.a0"),
            A1 = a1,
            A2 = a2,
            V0 = layer == 0 ? null : Channels($"{name}.v0"),
            V1 = v1,
            V2 = v2,
            G1 = g1,
            G2 = g2,
            Kk = Channels($"{name}.k_k"),
            Ka = Channels($"{name}.k_a"),
            Rk = Float($"{name}.r_k", _embeddingSize / HeadSize, HeadSize),
            Receptance = Square($"{name}.receptance.weight"),
            Key = Square($"{name}.key.weight"),
            Value = Square($"{name}.value.weight"),
            Output = Square($"{name}.output.weight"),
            LnX = Norm($"{name}.ln_x"),
        };
    }

    private ChannelMixTensors ReadChannelMix(string name) => new(
        Channels($"{name}.x_k"),
        Matrix($"{name}.key.weight", 4 * _embeddingSize, _embeddingSize),
        Matrix($"{name}.value.weight", _embeddingSize, 4 * _embeddingSize));

    /// <summary>(C, r) and (r, C), where the file says r.</summary>
    private (CheckpointTensor Down, CheckpointTensor Up) LowRank(string name, char kind)
    {
        CheckpointTensor down = Float($"{name}.{kind}1", _embeddingSize, -1);
        if (down.Shape[1] < 1)
            throw Wrong(down.Name, $"({_embeddingSize}, rank)", TensorShape.Format(down.Shape));
        return (down, Float($"{name}.{kind}2", down.Shape[1], _embeddingSize));
    }

    private LayerNormTensors Norm(string name) => new(Float($"{name}.weight", _embeddingSize), Float($"{name}.bias", _embeddingSize));

    private CheckpointTensor Channels(string name) => Float(name, 1, 1, _embeddingSize);

    private CheckpointTensor Square(string name) => Matrix(name, _embeddingSize, _embeddingSize);

    /// <summary>A large matrix: floating point, or 8-bit integers with a scale a row.</summary>
    private CheckpointTensor Matrix(string name, int rows, int columns)
    {
        CheckpointTensor matrix = Take(name, rows, columns);
        if (matrix.Type == TensorType.I8)
            _left.Remove(matrix.Scale ?? throw Wrong($"{name}_scale", $"({rows}) F32 for the I8 weight", "none"));
        else
            CheckFloat(matrix);
        return matrix;
    }

    private CheckpointTensor Float(string name, params ReadOnlySpan<int> shape)
    {
        CheckpointTensor tensor = Take(name, shape);
        CheckFloat(tensor);
        return tensor;
    }

    private void CheckFloat(CheckpointTensor tensor)
    {
        if (tensor.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16))
            throw Wrong(tensor.Name, "F32, F16 or BF16", $"{tensor.Type}");
    }

    private CheckpointTensor Take(string name, params ReadOnlySpan<int> shape)
    {
        CheckpointTensor tensor = _checkpoint.Get(name, shape);
        _left.Remove(tensor);
        return tensor;
    }

    /// <summary>Tensors that this architecture does not have belong to another one, and leaving them out would compute something else.</summary>
    private void RefuseLeftovers()
    {
        // Some trainers write the value residual of layer 0, which nothing uses.
        string unused = $"{_prefix}blocks.0.att.v";
        foreach (CheckpointTensor tensor in _left)
        {
            bool known = tensor.Name.Length == unused.Length + 1 && tensor.Name.StartsWith(unused, StringComparison.Ordinal) && tensor.Name[^1] is '0' or '1' or '2';
            if (!known)
                throw Wrong(TensorShape.Printable(tensor.Name), "no such tensor in an RWKV-X model", $"{tensor.Type} {TensorShape.Format(tensor.Shape)}");
        }
    }

    private CheckpointException Wrong(string name, string expected, string found) => new(_checkpoint.Path, name, expected, found);
}
