using System.Text;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Tokenization;

/// <summary>The vocabularies that the tests use, and the texts that come with them.</summary>
internal static class Vocabularies
{
    private static readonly Lazy<string> LazyRoot = new(FindRoot);
    private static readonly Lazy<WorldTokenizer> LazyEmbedded = new(() => WorldTokenizer.Load(Path.Combine(Root, "models", "rwkvx-10m", "vocab.txt")));
    private static readonly Lazy<WorldTokenizer> LazyWorld = new(() => WorldTokenizer.Load(WorldPath));

    /// <summary>The repository's root.</summary>
    public static string Root => LazyRoot.Value;

    /// <summary>The embedded model's 4,095 pieces.</summary>
    public static WorldTokenizer Embedded => LazyEmbedded.Value;

    private static string WorldPath => Path.Combine(Root, "..", "shared", "vocab", "rwkv_vocab_v20230424.txt");

    /// <summary>The published World vocabulary, which is not part of the repository: skips the test where it is absent.</summary>
    public static WorldTokenizer World
    {
        get
        {
            Assert.SkipUnless(File.Exists(WorldPath), "the published World vocabulary is not at ../shared/vocab/rwkv_vocab_v20230424.txt");
            return LazyWorld.Value;
        }
    }

    /// <summary>A vocabulary by its name, <c>world</c> or <c>embedded</c>.</summary>
    public static WorldTokenizer Get(string name) => name == "world" ? World : Embedded;

    /// <summary>Loads a vocabulary of the 256 single bytes (id = byte + 1) and the lines given.</summary>
    public static WorldTokenizer Load(params string[] lines) => Load(Encoding.UTF8.GetBytes(SingleBytes() + string.Join('\n', lines)));

    /// <summary>Loads a vocabulary from a file's content.</summary>
    public static WorldTokenizer Load(byte[] content) => WorldTokenizer.Load(new MemoryStream(content), "test.txt");

    /// <summary>Lines 1 to 256: the single bytes.</summary>
    public static string SingleBytes() => string.Concat(Enumerable.Range(0, 256).Select(b => $"{b + 1} b'\\x{b:x2}' 1\n"));

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RwkvX.AI.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("no RwkvX.AI.sln above " + AppContext.BaseDirectory);
    }
}
