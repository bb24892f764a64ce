using System.Text.Json;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class TokenizeCommandTests
{
    private static string Embedded => Repository.EmbeddedVocabulary;

    [Fact]
    public async Task Tokenize_GoldenTexts_GivesGoldenIds()
    {
        Assert.SkipUnless(File.Exists(Repository.WorldVocabulary), $"the World vocabulary is not at {Repository.WorldVocabulary}");
        using TemporaryFolder folder = new();
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Fixtures, "golden", "tokenizer.json")));
        string[] texts = [.. golden.RootElement.EnumerateArray().Select(item => item.GetProperty("text").GetString()!)];
        int[][] expected = [.. golden.RootElement.EnumerateArray().Select(item => item.GetProperty("ids").Deserialize<int[]>()!)];
        string input = folder.Write("texts.json", JsonSerializer.Serialize(texts));
        (await CliRun.Of("tokenize", "--vocab", Repository.WorldVocabulary, "--in", input, "--out", folder["ids.json"])).Succeeded();
        Assert.Equal(expected, JsonSerializer.Deserialize<int[][]>(File.ReadAllText(folder["ids.json"]))!);
    }

    [Theory]
    [InlineData("[]", "[]")]
    [InlineData("\ufeff[\"a\"]", "[[98]]")] // a byte order mark, as Windows tools write it
    [InlineData("""["", "a"]""", "[[],[98]]")]
    [InlineData("""["\ud800\n"]""", "[[240,192,190,11]]")] // a lone surrogate counts as U+FFFD
    public async Task Tokenize_OddTexts_GivesTheirIds(string texts, string ids)
    {
        using TemporaryFolder folder = new();
        (await CliRun.Of("tokenize", "--vocab", Embedded, "--in", folder.Write("texts.json", texts), "--out", folder["ids.json"])).Succeeded();
        Assert.Equal(ids, JsonSerializer.Serialize(JsonSerializer.Deserialize<int[][]>(File.ReadAllText(folder["ids.json"]))));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("[\"a\"")]
    [InlineData("")]
    public async Task Tokenize_OtherJson_NamesTheFile(string content)
    {
        using TemporaryFolder folder = new();
        string input = folder.Write("texts.json", content);
        (await CliRun.Of("tokenize", "--vocab", Embedded, "--in", input, "--out", folder["ids.json"])).FailedWith(1, input, "an array of strings");
        Assert.False(File.Exists(folder["ids.json"]));
    }

    [Fact]
    public async Task Tokenize_BytesThatAreNoText_NameTheFile()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["texts.json"], [(byte)'[', (byte)'"', 0xff, 0xc3, (byte)'"', (byte)']']);
        (await CliRun.Of("tokenize", "--vocab", Embedded, "--in", folder["texts.json"], "--out", folder["o"])).FailedWith(1, folder["texts.json"], "UTF-8");
    }

    [Fact]
    public async Task Tokenize_MalformedVocabulary_NamesItsLine()
    {
        using TemporaryFolder folder = new();
        string vocabulary = folder.Write("vocab.txt", "1 'ab' 3\n");
        (await CliRun.Of("tokenize", "--vocab", vocabulary, "--in", folder.Write("t", "[]"), "--out", folder["o"])).FailedWith(1, vocabulary, "line 1");
    }
}
