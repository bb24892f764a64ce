namespace RwkvX.AI.Testing;

/// <summary>Where the repository lies, for tests that read its fixtures, models and sources.</summary>
public static class Repository
{
    /// <summary>The folder that holds RwkvX.AI.sln, found by walking up from the test's own folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder of golden data and other fixtures.</summary>
    public static string Fixtures => Path.Combine(Root, "tests", "fixtures");

    /// <summary>The name of the embedded model, of its directory and in its config.json.</summary>
    public const string EmbeddedModelName = "rwkvx-12m";

    /// <summary>The directory of the embedded model, for tests of its files and for those that run where its package is not.</summary>
    public static string EmbeddedModel => Path.Combine(Root, "models", EmbeddedModelName);

    /// <summary>The embedded model's vocabulary.</summary>
    public static string EmbeddedVocabulary => Path.Combine(EmbeddedModel, "vocab.txt");

    /// <summary>
    /// A small trained model whose logits over two texts are recorded in <c>bootstrap-cases.json</c>. It lies beside the repository and is not part of it;
    /// tests that need it skip where it is absent.
    /// </summary>
    public static string BootstrapModel => Path.Combine(Root, "..", "shared", "bootstrap");

    /// <summary>The World vocabulary, which lies beside the repository and is not part of it; tests that need it skip where it is absent.</summary>
    public static string WorldVocabulary => Path.Combine(Root, "..", "shared", "vocab", "rwkv_vocab_v20230424.txt");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RwkvX.AI.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds RwkvX.AI.sln");
    }
}
