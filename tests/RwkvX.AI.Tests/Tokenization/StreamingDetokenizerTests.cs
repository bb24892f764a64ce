using System.Text;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Tokenization;

public sealed class StreamingDetokenizerTests
{
    [Theory]
    [InlineData("world")]
    [InlineData("embedded")]
    public void Append_RandomIds_JoinsToTheWholeDecoded(string vocabulary)
    {
        WorldTokenizer tokenizer = Vocabularies.Get(vocabulary);
        Random random = new(1);
        for (int i = 0; i < 3000; i++)
        {
            // Mostly single bytes above 0x7f, so that sequences break in every way.
            int[] ids = [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(5) == 0 ? random.Next(tokenizer.VocabularySize) : random.Next(0xBF, 257))];
            byte[] bytes = [.. ids.SelectMany(id => tokenizer.VocabularyBytes(id).ToArray())];
            StreamingDetokenizer detokenizer = new(tokenizer);
            StringBuilder text = new();
            foreach (int id in ids) text.Append(detokenizer.Append(id));
            text.Append(detokenizer.Flush());
            Assert.Equal(Encoding.UTF8.GetString(bytes), text.ToString());
        }
    }

    [Fact]
    public void Append_CharacterInPieces_ComesOutWhole()
    {
        StreamingDetokenizer detokenizer = new(Vocabularies.Load());
        byte[] bytes = Encoding.UTF8.GetBytes("é😀");
        string[] parts = [.. bytes.Select(b => detokenizer.Append(b + 1))];
        Assert.Equal(["", "é", "", "", "", "😀"], parts);
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Append_RandomText_NeverCutsASurrogatePairOrShowsAReplacement()
    {
        RandomText texts = new(7, Vocabularies.Embedded);
        for (int i = 0; i < 500; i++)
        {
            string text = texts.Next().Replace('\ufffd', '?');
            StreamingDetokenizer detokenizer = new(Vocabularies.Embedded);
            foreach (int id in Vocabularies.Embedded.Encode(text))
            {
                string part = detokenizer.Append(id);
                Assert.DoesNotContain('\ufffd', part);
                Assert.False(part.Length > 0 && char.IsLowSurrogate(part[0]));
            }

            Assert.Equal(0, detokenizer.HeldBytes);
        }
    }

    [Fact]
    public void Flush_UnfinishedCharacter_IsReplacedAndForgotten()
    {
        StreamingDetokenizer detokenizer = new(Vocabularies.Load());
        Assert.Equal("", detokenizer.Append(0xE2 + 1) + detokenizer.Append(0x80 + 1));
        Assert.Equal(2, detokenizer.HeldBytes);
        Assert.Equal("\ufffd", detokenizer.Flush());
        Assert.Equal("a", detokenizer.Append('a' + 1));
    }

    [Fact]
    public void Append_EndOfText_AddsNothing()
    {
        StreamingDetokenizer detokenizer = new(Vocabularies.Embedded);
        Assert.Equal("", detokenizer.Append(WorldTokenizer.EndOfTextId));
        Assert.Throws<ArgumentOutOfRangeException>(() => detokenizer.Append(-1));
    }
}
