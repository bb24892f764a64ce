using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Benchmarks;

/// <summary>Encoding and decoding of 8 MB: the golden texts and the repository's pages, repeated. MB/s = 8 / mean seconds.</summary>
[MemoryDiagnoser]
[ShortRunJob]
public class TokenizerBenchmarks
{
    private const int Size = 8_000_000;

    private WorldTokenizer _tokenizer = null!;
    private string _text = "";
    private byte[] _utf8 = [];
    private int[] _ids = [];

    /// <summary>The embedded model's vocabulary and, where it is present beside the repository, the published one.</summary>
    public static IEnumerable<string> Vocabularies() => File.Exists(Repository.WorldVocabulary) ? ["embedded", "world"] : ["embedded"];

    [ParamsSource(nameof(Vocabularies))]
    public string Vocabulary { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _tokenizer = WorldTokenizer.Load(Vocabulary == "world" ? Repository.WorldVocabulary : Repository.EmbeddedVocabulary);
        StringBuilder once = new();
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Fixtures, "golden", "tokenizer.json")));
        foreach (JsonElement item in golden.RootElement.EnumerateArray()) once.Append(item.GetProperty("text").GetString()).Append('\n');
        foreach (string page in Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Order()) once.Append(File.ReadAllText(page));
        StringBuilder text = new();
        while (text.Length < Size) text.Append(once);
        _text = text.ToString(0, Size);
        _utf8 = Encoding.UTF8.GetBytes(_text);
        _ids = _tokenizer.Encode(_text);
    }

    [Benchmark]
    public int Encode() => _tokenizer.Encode(_text).Length;

    [Benchmark]
    public int EncodeUtf8()
    {
        _tokenizer.EncodeUtf8(_utf8, _ids, out _, out int written);
        return written;
    }

    [Benchmark]
    public int CountTokens() => _tokenizer.CountTokens(_text);

    [Benchmark]
    public int Decode() => _tokenizer.Decode(_ids).Length;
}
