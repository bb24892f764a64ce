using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Tokenizers;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Tokenization;

public sealed class WorldTokenizerTests
{
    [Fact]
    public void Encode_GoldenTexts_GivesGoldenIds()
    {
        WorldTokenizer tokenizer = Vocabularies.World;
        using JsonDocument cases = Read("golden/tokenizer.json");
        int count = 0;
        foreach (JsonElement item in cases.RootElement.EnumerateArray())
        {
            AssertEncodes(tokenizer, item);
            count++;
        }

        Assert.Equal(18, count);
    }

    [Fact]
    public void Encode_BootstrapCases_GivesTheirIds()
    {
        using JsonDocument cases = Read("bootstrap-cases.json");
        WorldTokenizer tokenizer = WorldTokenizer.Load(Path.Combine(Repository.Fixtures, "bootstrap-vocab.txt"));
        Assert.Equal(2, cases.RootElement.EnumerateObject().Count());
        foreach (JsonProperty item in cases.RootElement.EnumerateObject()) AssertEncodes(tokenizer, item.Value);
    }

    [Theory]
    [InlineData("world")]
    [InlineData("embedded")]
    public void Decode_RandomUnicode_GivesTheTextBack(string vocabulary)
    {
        WorldTokenizer tokenizer = Vocabularies.Get(vocabulary);
        RandomText texts = new(1, tokenizer);
        for (int i = 0; i < 10_000; i++)
        {
            string text = texts.Next();
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Theory]
    [InlineData("world")]
    [InlineData("embedded")]
    public void Encode_RandomText_EqualsPlainLongestMatch(string vocabulary)
    {
        WorldTokenizer tokenizer = Vocabularies.Get(vocabulary);
        Dictionary<string, int> pieces = [];
        for (int id = 0; id < tokenizer.VocabularySize; id++) pieces[Encoding.Latin1.GetString(tokenizer.VocabularyBytes(id))] = id;
        RandomText texts = new(2, tokenizer);
        for (int i = 0; i < 300; i++)
        {
            string text = texts.Next(), bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
            List<int> expected = [];
            for (int at = 0; at < bytes.Length;)
            {
                int length = Math.Min(tokenizer.MaxPieceLength, bytes.Length - at);
                while (!pieces.ContainsKey(bytes.Substring(at, length))) length--;
                expected.Add(pieces[bytes.Substring(at, length)]);
                at += length;
            }

            Assert.Equal(expected, tokenizer.Encode(text));
        }
    }

    [Fact]
    public void Encode_TextOfManyBlocks_EqualsEncodingItsBytesAtOnce()
    {
        RandomText texts = new(3, Vocabularies.Embedded);
        string text = string.Concat(Enumerable.Range(0, 4000).Select(_ => texts.Next()));
        int[] ids = Vocabularies.Embedded.Encode(text);
        Assert.True(text.Length > 200_000);
        Assert.Equal(Vocabularies.Embedded.EncodeUtf8(Encoding.UTF8.GetBytes(text)), ids);
        Assert.Equal(ids.Length, Vocabularies.Embedded.CountTokens(text));
        Assert.Equal(text, Vocabularies.Embedded.Decode(ids));
    }

    [Theory]
    [InlineData("a\ud800b")]
    [InlineData("\udc00")]
    [InlineData("\ud83d")]
    [InlineData("\ud83d\ud83d\ude00\ude00")]
    public void Encode_LoneSurrogates_AreReplacedAsByEncodingUtf8(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        int[] ids = Vocabularies.Embedded.Encode(text);
        Assert.Equal(Vocabularies.Embedded.EncodeUtf8(utf8), ids);
        Assert.Equal(Encoding.UTF8.GetString(utf8), Vocabularies.Embedded.Decode(ids));
    }

    [Fact]
    public void Encode_LongestPieceCutShort_FallsBackToTheLongestThatMatches()
    {
        WorldTokenizer tokenizer = Vocabularies.Load("300 'abcdef' 6", "301 'ab' 2", "302 'cd' 2");
        Assert.Equal([301, 302, 'e' + 1, 'x' + 1], tokenizer.Encode("abcdex"));
        Assert.Equal([300, 'x' + 1], tokenizer.Encode("abcdefx"));
    }

    [Fact]
    public void EncodeUtf8_InPieces_EqualsTheWhole()
    {
        WorldTokenizer tokenizer = Vocabularies.Embedded;
        byte[] utf8 = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("The memory of a door, 4711 – é😀. ", 40)));
        List<int> ids = [];
        Span<int> some = stackalloc int[7];
        int start = 0, end = 0;
        while (start < utf8.Length)
        {
            end = Math.Min(utf8.Length, end + 29);
            OperationStatus status = tokenizer.EncodeUtf8(utf8.AsSpan(start, end - start), some, out int consumed, out int written, end == utf8.Length);
            ids.AddRange(some[..written]);
            start += consumed;
            Assert.NotEqual(OperationStatus.InvalidData, status);
            Assert.True(status != OperationStatus.DestinationTooSmall || written == some.Length);
        }

        Assert.Equal(tokenizer.EncodeUtf8(utf8), ids);
    }

    [Fact]
    public void EncodeUtf8_InvalidBytes_KeepsThem()
    {
        byte[] bytes = [0xff, 0xc3, 0x28, 0x80, 0x00];
        int[] ids = Vocabularies.Embedded.EncodeUtf8(bytes);
        Assert.Equal(bytes, ids.SelectMany(id => Vocabularies.Embedded.VocabularyBytes(id).ToArray()));
    }

    [Theory]
    [InlineData("world")]
    [InlineData("embedded")]
    public void EncodeToTokens_RandomText_OffsetsCoverTheirCharacters(string vocabulary)
    {
        WorldTokenizer tokenizer = Vocabularies.Get(vocabulary);
        RandomText texts = new(4, tokenizer);
        for (int i = 0; i < 500; i++)
        {
            string text = texts.Next();
            IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeToTokens(text, out string? normalized);
            Assert.Null(normalized);
            Assert.Equal(tokenizer.Encode(text), tokens.Select(token => token.Id));
            int end = 0;
            foreach (EncodedToken token in tokens)
            {
                string part = text[token.Offset];
                Assert.True(token.Offset.Start.Value <= end && token.Offset.End.Value >= end);
                Assert.True(Encoding.UTF8.GetBytes(part).AsSpan().IndexOf(tokenizer.VocabularyBytes(token.Id)) >= 0);
                if (!token.Value.Contains('\ufffd')) Assert.Equal(part, token.Value);
                end = token.Offset.End.Value;
            }

            Assert.Equal(text.Length, end);
        }
    }

    [Fact]
    public void GetIndexByTokenCount_BothWays_CutsAtCharactersAndKeepsTheTokens()
    {
        WorldTokenizer tokenizer = Vocabularies.Embedded;
        RandomText texts = new(5, tokenizer);
        for (int i = 0; i < 300; i++)
        {
            string text = texts.Next() + "x";
            int[] ids = tokenizer.Encode(text);
            int limit = 1 + (i % (ids.Length + 2));
            int index = tokenizer.GetIndexByTokenCount(text, limit, out _, out int count);
            Assert.Equal(ids[..count], tokenizer.Encode(text.AsSpan(0, index)));
            Assert.InRange(count, Math.Max(0, Math.Min(limit, ids.Length) - 3), limit); // a character has 4 bytes at most

            int from = tokenizer.GetIndexByTokenCountFromEnd(text, limit, out _, out int last);
            Assert.Equal(ids[^last..], tokenizer.Encode(text.AsSpan(from)));
            Assert.InRange(last, Math.Max(0, Math.Min(limit, ids.Length) - 3), limit);
        }
    }

    [Fact]
    public void EncodeToIds_TokenLimit_ConsumesWholeCharacters()
    {
        WorldTokenizer tokenizer = Vocabularies.Load(); // single bytes only
        IReadOnlyList<int> ids = tokenizer.EncodeToIds("a😀b", 3, out _, out int consumed);
        Assert.Equal(['a' + 1], ids);
        Assert.Equal(1, consumed);
        Assert.Equal(5, tokenizer.EncodeToIds("a😀b", 5, out _, out consumed).Count);
        Assert.Equal(3, consumed);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.EncodeToIds("a", 0, out _, out _));
        Assert.Equal(0, tokenizer.GetIndexByTokenCount("😀", 2, out _, out int count));
        Assert.Equal(0, count);
        Assert.Equal(2, tokenizer.GetIndexByTokenCountFromEnd("😀", 2, out _, out count));
        Assert.Equal(0, count);
    }

    [Fact]
    public void Decode_SmallDestination_StopsBetweenCharactersAndGoesOn()
    {
        WorldTokenizer tokenizer = Vocabularies.Load();
        const string text = "aé😀b\u4e2d";
        int[] ids = tokenizer.Encode(text);
        StringBuilder joined = new();
        Span<char> two = stackalloc char[2];
        for (int start = 0; start < ids.Length;)
        {
            OperationStatus status = tokenizer.Decode(ids.Skip(start), two, out int consumed, out int written);
            joined.Append(two[..written]);
            start += consumed;
            Assert.True(consumed > 0);
            Assert.Equal(start == ids.Length ? OperationStatus.Done : OperationStatus.DestinationTooSmall, status);
        }

        Assert.Equal(text, joined.ToString());
        Assert.Equal(OperationStatus.InvalidData, tokenizer.Decode([98, -1], two, out int good, out _));
        Assert.Equal(1, good);
    }

    [Fact]
    public void Decode_IdsWithoutAPiece_AddNothing()
    {
        Assert.Equal("ab", Vocabularies.Embedded.Decode([0, 'a' + 1, 4096, 65_535, 'b' + 1, int.MaxValue]));
        Assert.Throws<InvalidOperationException>(() => Vocabularies.Embedded.Decode([-1]));
        Assert.True(Vocabularies.Embedded.VocabularyBytes(0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => Vocabularies.Embedded.VocabularyBytes(-1).Length);
    }

    [Fact]
    public void Encode_FromManyThreads_GivesTheSameIds()
    {
        RandomText texts = new(6, Vocabularies.Embedded);
        string[] all = [.. Enumerable.Range(0, 200).Select(_ => texts.Next())];
        int[][] expected = [.. all.Select(text => Vocabularies.Embedded.Encode(text))];
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < all.Length; i++) Assert.Equal(expected[i], Vocabularies.Embedded.Encode(all[i]));
        });
    }

    private static void AssertEncodes(WorldTokenizer tokenizer, JsonElement item)
    {
        string text = item.GetProperty("text").GetString()!;
        int[] ids = [.. item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        Assert.Equal(ids, tokenizer.EncodeToIds(text));
        Assert.Equal(ids, tokenizer.EncodeUtf8(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(ids.Length, tokenizer.CountTokens(text));
        Assert.Equal(text, tokenizer.Decode(ids));
    }

    private static JsonDocument Read(string fixture) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Fixtures, fixture)));
}
