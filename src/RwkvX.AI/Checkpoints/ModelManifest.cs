using System.Text.Json;
using System.Text.Json.Serialization;

namespace RwkvX.AI.Checkpoints;

/// <summary>The <c>config.json</c> of a model directory. Null: the file does not say. Fields that are not listed here are ignored.</summary>
public sealed record ModelManifest
{
    /// <summary>The one architecture there is.</summary>
    internal const string RwkvX = "rwkv-x";

    /// <summary>More bytes than any honest config.json has.</summary>
    internal const int MaxBytes = 1 << 20;

    /// <summary>What the model calls itself.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary><c>rwkv-x</c>.</summary>
    [JsonPropertyName("architecture")]
    public string? Architecture { get; init; }

    /// <summary>C, the width of the residual stream; must be that of the tensors, as all sizes here.</summary>
    [JsonPropertyName("n_embd")]
    public int? EmbeddingSize { get; init; }

    /// <summary>L, the number of RWKV layers.</summary>
    [JsonPropertyName("n_layer")]
    public int? LayerCount { get; init; }

    /// <summary>M, the number of sparse-attention layers.</summary>
    [JsonPropertyName("n_moba_layer")]
    public int? SparseLayerCount { get; init; }

    /// <summary>N, the size of a head.</summary>
    [JsonPropertyName("head_size")]
    public int? HeadSize { get; init; }

    /// <summary>V, the rows of the embedding and of the head.</summary>
    [JsonPropertyName("vocab_size")]
    public int? VocabSize { get; init; }

    /// <summary>Tokens in a chunk of keys.</summary>
    [JsonPropertyName("moba_chunk_size")]
    public int? MobaChunkSize { get; init; }

    /// <summary>Chunks that a query attends to, its own included.</summary>
    [JsonPropertyName("moba_topk")]
    public int? MobaTopK { get; init; }

    /// <summary>The token that ends a document.</summary>
    [JsonPropertyName("eos_token_id")]
    public int? EosTokenId { get; init; }

    /// <summary>The form of a chat that the model was trained on, <c>world</c>.</summary>
    [JsonPropertyName("template")]
    public string? Template { get; init; }

    /// <summary>How the model wants to be sampled.</summary>
    [JsonPropertyName("generation")]
    public GenerationDefaults? Generation { get; init; }

    /// <summary>Reads the JSON and checks what can be checked without the tensors.</summary>
    internal static ModelManifest Parse(string path, ReadOnlySpan<byte> json)
    {
        try
        {
            ReadOnlySpan<byte> bom = [0xEF, 0xBB, 0xBF];
            if (json.StartsWith(bom))
                json = json[bom.Length..];
            ModelManifest manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.ModelManifest)
                ?? throw new CheckpointException(path, "expected a JSON object, found null");
            manifest.Validate(path);
            return manifest;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException(path, $"not the JSON of a model's configuration: {TensorShape.Printable(e.Message)}", e);
        }
    }

    /// <summary>The JSON, indented, with a newline at the end.</summary>
    internal byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.ModelManifest), (byte)'\n'];

    private void Validate(string path)
    {
        if (Architecture is not (null or RwkvX))
            throw new CheckpointException(path, "architecture", RwkvX, TensorShape.Printable(Architecture));
        if (EosTokenId < 0)
            throw new CheckpointException(path, "eos_token_id", "an integer from 0 up", $"{EosTokenId}");
        if (Name is not null && (string.IsNullOrWhiteSpace(Name) || Name.Length > 256))
            throw new CheckpointException(path, "name", "1 to 256 characters", $"{Name.Length}");
        Generation?.Validate(path);
    }
}
