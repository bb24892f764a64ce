namespace RwkvX.AI.Checkpoints;

/// <summary>What <see cref="ModelFiles.Open(string, ModelFileOptions?)"/> shall take from elsewhere than the model's directory.</summary>
public sealed class ModelFileOptions
{
    /// <summary>The vocabulary, instead of <c>vocab.txt</c> beside the model.</summary>
    public string? VocabularyPath { get; set; }

    /// <summary>Tokens in a chunk of keys, instead of <c>moba_chunk_size</c> in config.json; 1 to 1,048,576.</summary>
    public int? MobaChunkSize { get; set; }

    /// <summary>Chunks that a query attends to, instead of <c>moba_topk</c> in config.json; 1 to 65,536.</summary>
    public int? MobaTopK { get; set; }
}
