using System.Text;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Tokenization;

/// <summary>The vocabularies that the tests use, and the texts that come with them.</summary>
internal static class Vocabularies
{
    private static readonly Lazy<WorldTokenizer> LazyEmbedded = new(() => WorldTokenizer.Load(Repository.EmbeddedVocabulary));
    private static readonly Lazy<WorldTokenizer> LazyWorld = new(() => WorldTokenizer.Load(Repository.WorldVocabulary));

    /// <summary>The repository's root.</summary>
    public static string Root => Repository.Root;

    /// <summary>The embedded model's 4,095 pieces.</summary>
    public static WorldTokenizer Embedded => LazyEmbedded.Value;

    /// <summary>The published World vocabulary, which is not part of the repository: skips the test where it is absent.</summary>
    public static WorldTokenizer World
    {
        get
        {
            Assert.SkipUnless(File.Exists(Repository.WorldVocabulary), $"the published World vocabulary is not at {Repository.WorldVocabulary}");
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
}
