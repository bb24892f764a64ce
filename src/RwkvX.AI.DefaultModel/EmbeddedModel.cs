namespace RwkvX.AI.DefaultModel;

/// <summary>The files of a model directory of the repository as resources of this assembly.</summary>
/// <remarks>
/// A resource is a stream over the assembly's own image, which the operating system maps: its bytes are read in place and never
/// copied. This holds for a file on disk, a single-file application and native AOT alike.
/// </remarks>
internal static class EmbeddedModel
{
    /// <summary>The tensors.</summary>
    public static Stream OpenTensors() => Open("model.safetensors");

    /// <summary>The configuration.</summary>
    public static Stream OpenManifest() => Open("config.json");

    /// <summary>The vocabulary.</summary>
    public static Stream OpenVocabulary() => Open("vocab.txt");

    private static Stream Open(string name) => typeof(EmbeddedModel).Assembly.GetManifestResourceStream(name)
        ?? throw new InvalidOperationException($"RwkvX.AI.DefaultModel: expected the resource {name}, found none (was the assembly rewritten?)");
}
