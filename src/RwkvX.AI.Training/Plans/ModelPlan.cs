using System.Text.Json.Serialization;
using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Training.Plans;

/// <summary>The model that a run starts from: one that exists, or a new one.</summary>
public sealed record ModelPlan
{
    /// <summary>A model directory or checkpoint; null for a new model.</summary>
    public string? From { get; init; }

    /// <summary>The sizes of a new model; null for an existing one.</summary>
    public NewModelPlan? New { get; init; }

    /// <summary>Sparse layers to insert into a plain RWKV-7 model, their output at zero; null for none.</summary>
    public int? ExpandWith { get; init; }

    /// <summary>Tokens in a chunk of the sparse attention.</summary>
    public int MobaChunkSize { get; init; } = 2048;

    /// <summary>Chunks that a query attends to, its own included.</summary>
    [JsonPropertyName("moba_topk")] // as in config.json
    public int MobaTopK { get; init; } = 3;

    /// <summary>The vocabulary; null for that beside the model.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>The name that the result carries.</summary>
    public string Name { get; init; } = "rwkvx-trained";

    /// <summary>The file of the vocabulary: that of the plan, or that beside the model; null where neither is there.</summary>
    /// <param name="folder">What the plan's paths are relative to.</param>
    /// <exception cref="PlanException">The plan names a file that is not there.</exception>
    internal string? FindVocabulary(string folder)
    {
        if (From is null) return NamedVocabulary(folder);
        using ModelFiles files = OpenFrom(folder);
        return files.VocabularyPath;
    }

    /// <summary>The model that a run goes on from, with the plan's vocabulary or that beside it.</summary>
    /// <param name="folder">What the plan's paths are relative to.</param>
    /// <exception cref="PlanException">The plan names a vocabulary that is not there.</exception>
    internal ModelFiles OpenFrom(string folder) => ModelFiles.Open(Path.GetFullPath(From!, folder), new ModelFileOptions { VocabularyPath = NamedVocabulary(folder) });

    private string? NamedVocabulary(string folder)
    {
        if (Vocabulary is null) return null;
        string path = Path.GetFullPath(Vocabulary, folder);
        return File.Exists(path) ? path : throw new PlanException($"{path}: expected a vocabulary, found no file");
    }
}
