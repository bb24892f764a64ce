using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>What <see cref="ModelImporter"/> shall make of a model file.</summary>
public sealed class ModelImportOptions
{
    /// <summary>The vocabulary to copy; null for <c>vocab.txt</c> beside the model, if there.</summary>
    public string? VocabularyPath { get; set; }

    /// <summary>Tokens in a chunk of keys; null for what config.json beside the model says, or 2048.</summary>
    public int? MobaChunkSize { get; set; }

    /// <summary>Chunks that a query attends to; null for what config.json beside the model says, or 3.</summary>
    public int? MobaTopK { get; set; }

    /// <summary>F32, BF16, F16, or Int8 (the large matrices alone, everything else as stored); null for everything as stored.</summary>
    public Precision? Precision { get; set; }

    /// <summary>The model's name; null for what config.json beside the model says, or the file's name.</summary>
    public string? Name { get; set; }

    /// <summary>How the model wants to be sampled; null for what config.json beside the model says.</summary>
    public GenerationDefaults? Generation { get; set; }
}
