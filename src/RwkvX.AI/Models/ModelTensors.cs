using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>All tensors of a model by what they are, each checked: what engines load from.</summary>
/// <remarks>Views of the checkpoint, valid until it is disposed.</remarks>
public sealed record ModelTensors
{
    private readonly Checkpoint _checkpoint;

    internal ModelTensors(Checkpoint checkpoint) => _checkpoint = checkpoint;

    /// <summary>The sizes, as the tensors have them.</summary>
    public required RwkvXConfig Config { get; init; }

    /// <summary>(V, C)</summary>
    public required CheckpointTensor Embedding { get; init; }

    /// <summary>Right after the embedding.</summary>
    public required LayerNormTensors Ln0 { get; init; }

    /// <summary>(L) the RWKV-7 layers.</summary>
    public required IReadOnlyList<RwkvLayerTensors> RwkvLayers { get; init; }

    /// <summary>(M) the sparse-attention layers; one after every L / M RWKV layers.</summary>
    public required IReadOnlyList<SparseLayerTensors> SparseLayers { get; init; }

    /// <summary>Before the head.</summary>
    public required LayerNormTensors LnOut { get; init; }

    /// <summary>(V, C); may be <see cref="TensorType.I8"/> with a <see cref="CheckpointTensor.Scale"/>.</summary>
    public required CheckpointTensor Head { get; init; }

    /// <summary>The large matrices, those that may be 8-bit: everything that a token is multiplied by but the low-rank pairs.</summary>
    internal IEnumerable<CheckpointTensor> Matrices
    {
        get
        {
            foreach (RwkvLayerTensors layer in RwkvLayers)
            {
                TimeMixTensors att = layer.TimeMix;
                foreach (CheckpointTensor matrix in (CheckpointTensor[])[att.Receptance, att.Key, att.Value, att.Output, layer.ChannelMix.Key, layer.ChannelMix.Value])
                    yield return matrix;
            }
            foreach (SparseLayerTensors layer in SparseLayers)
            {
                SparseAttentionTensors att = layer.Attention;
                foreach (CheckpointTensor matrix in (CheckpointTensor[])[att.Receptance, att.Key, att.Value, att.Output, layer.ChannelMix.Key, layer.ChannelMix.Value])
                    yield return matrix;
            }
            yield return Head;
        }
    }

    /// <summary>Finds and checks every tensor of a model, and that its config.json does not contradict them.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, superfluous, of a wrong type or shape, or not what config.json says.</exception>
    public static ModelTensors Read(ModelFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        ModelTensors tensors = Read(files.Checkpoint, files.MobaChunkSize, files.MobaTopK);
        if (files.Manifest is { } manifest)
            Compare(files.ManifestPath, manifest, tensors.Config);
        return tensors;
    }

    /// <summary>Finds and checks every tensor of a model.</summary>
    /// <param name="checkpoint">The file.</param>
    /// <param name="mobaChunkSize">Tokens in a chunk of keys, which no tensor tells.</param>
    /// <param name="mobaTopK">Chunks that a query attends to, which no tensor tells.</param>
    /// <exception cref="CheckpointException">A tensor is missing, superfluous, or of a wrong type or shape.</exception>
    public static ModelTensors Read(Checkpoint checkpoint, int mobaChunkSize = 2048, int mobaTopK = 3)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfLessThan(mobaChunkSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mobaTopK, 1);
        return new ModelTensorsReader(checkpoint).Read(mobaChunkSize, mobaTopK);
    }

    /// <summary>The hash of all weights and of the sizes that no weight tells (<see cref="IRwkvXModel.ModelHash"/>); reads everything.</summary>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    internal string ComputeHash() => $"{CheckpointHash.Compute(_checkpoint)}-{Config.MobaChunkSize}-{Config.MobaTopK}";

    private static void Compare(string path, ModelManifest manifest, RwkvXConfig config)
    {
        Compare(path, "n_embd", manifest.EmbeddingSize, config.EmbeddingSize);
        Compare(path, "n_layer", manifest.LayerCount, config.LayerCount);
        Compare(path, "n_moba_layer", manifest.SparseLayerCount, config.SparseLayerCount);
        Compare(path, "head_size", manifest.HeadSize, config.HeadSize);
        Compare(path, "vocab_size", manifest.VocabSize, config.VocabSize);
        if (manifest.EosTokenId >= config.VocabSize)
            throw new CheckpointException(path, "eos_token_id", $"a token below {config.VocabSize}", $"{manifest.EosTokenId}");
    }

    private static void Compare(string path, string field, int? said, int found)
    {
        if (said is { } value && value != found)
            throw new CheckpointException(path, field, $"{found} as in the tensors", $"{value}");
    }
}
