using System.Text;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Tokenization;

public sealed class VocabularyFileTests
{
    [Theory]
    [InlineData(@"300 'ab' 2", "ab")]
    [InlineData(@"300 ""it's"" 4", "it's")]
    [InlineData(@"300 '\'\""' 2", "'\"")]
    [InlineData(@"300 '\n\r\t\\' 4", "\n\r\t\\")]
    [InlineData(@"300 '\x85a' 3", "\u0085a")]
    [InlineData(@"300 '\u2002' 3", "\u2002")]
    [InlineData(@"300 '\U0001f600' 4", "\U0001f600")]
    [InlineData("300 '  ' 2", "  ")]
    [InlineData("300 'é\u4e2d' 5", "é\u4e2d")]
    [InlineData(@"300 b'\xe4\xb8\xad' 3", "\u4e2d")]
    [InlineData(@"300 b""a'\n"" 3", "a'\n")]
    [InlineData("300 'ab' 2\r", "ab")]
    public void Load_Literal_GivesItsBytes(string line, string expected) =>
        Assert.Equal(Encoding.UTF8.GetBytes(expected), Vocabularies.Load(line, "").VocabularyBytes(300).ToArray());

    [Theory]
    [InlineData("300 'ab' 3", "line 257: expected 3 bytes, found 2 bytes")]
    [InlineData("300 'ab'", "line 257: expected id, literal and length with spaces between, found 300 'ab'")]
    [InlineData("'ab' 2", "line 257: expected id, literal and length with spaces between")]
    [InlineData("x 'ab' 2", "line 257: expected an id from 1 to 1048575, found x")]
    [InlineData("0 'ab' 2", "line 257: expected an id from 1 to 1048575, found 0")]
    [InlineData("-1 'ab' 2", "line 257: expected an id from 1 to 1048575, found -1")]
    [InlineData("2000000000 'ab' 2", "line 257: expected an id from 1 to 1048575, found 2000000000")]
    [InlineData("99999999999 'ab' 2", "line 257: expected an id from 1 to 1048575, found 99999999999")]
    [InlineData("300 'ab' x", "line 257: expected a length in bytes, found x")]
    [InlineData("300 'ab' -2", "line 257: expected a length in bytes, found -2")]
    [InlineData("300 ab 2", "line 257: expected a Python literal in quotes, found ab")]
    [InlineData("300 'ab\" 2", "line 257: expected a Python literal in quotes")]
    [InlineData("300 ' 1", "line 257: expected a Python literal in quotes")]
    [InlineData("300 'a'b' 3", "line 257: expected no bare quote inside the literal")]
    [InlineData(@"300 '\q' 1", "line 257: expected a known escape sequence")]
    [InlineData(@"300 'a\' 2", "line 257: expected a known escape sequence")]
    [InlineData(@"300 '\x8' 1", "line 257: expected a known escape sequence")]
    [InlineData(@"300 '\ud800' 3", "line 257: expected a known escape sequence")]
    [InlineData(@"300 '\U00110000' 4", "line 257: expected a known escape sequence")]
    [InlineData(@"300 b'\u0041' 1", "line 257: expected a known escape sequence")]
    [InlineData("300 b'é' 2", "line 257: expected ASCII characters in a bytes literal")]
    [InlineData("300 '' 0", "line 257: expected a piece of 1 to 1024 bytes, found 0 bytes")]
    [InlineData("300 'ab' 2\n300 'cd' 2", "line 258: expected an id of its own, found id 300 a second time")]
    [InlineData("300 'ab' 2\n299 'ab' 2", "id 300: expected a piece of its own, found the piece of id 299")]
    [InlineData("300 'a' 1", "id 300: expected a piece of its own, found the piece of id 98")]
    public void Load_MalformedLine_NamesLineExpectedAndFound(string lines, string message)
    {
        CheckpointException error = Assert.Throws<CheckpointException>(() => Vocabularies.Load(lines));
        Assert.StartsWith("test.txt: " + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_InvalidUtf8_NamesTheLine()
    {
        byte[] content = [.. Encoding.UTF8.GetBytes(Vocabularies.SingleBytes() + "300 '"), 0xff, .. "' 1"u8];
        Assert.Contains("line 257: expected valid UTF-8", Assert.Throws<CheckpointException>(() => Vocabularies.Load(content)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_LongPiece_IsRefused()
    {
        string line = $"300 '{new string('a', 1025)}' 1025";
        Assert.Contains("1 to 1024 bytes, found 1025 bytes", Assert.Throws<CheckpointException>(() => Vocabularies.Load(line)).Message, StringComparison.Ordinal);
        Assert.Equal(1024, Vocabularies.Load(line.Replace("1025", "1024", StringComparison.Ordinal).Replace("'a", "'", StringComparison.Ordinal)).MaxPieceLength);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 'a' 1")]
    public void Load_ByteWithoutPiece_IsNamed(string content) =>
        Assert.Equal(
            "test.txt: byte 0x00: expected a piece of this byte alone, found none",
            Assert.Throws<CheckpointException>(() => Vocabularies.Load(Encoding.UTF8.GetBytes(content))).Message);

    [Fact]
    public void Load_GapsAndAnyOrder_AreKept()
    {
        WorldTokenizer tokenizer = Vocabularies.Load("500 'zz' 2", "400 'yy' 2", "");
        Assert.Equal(501, tokenizer.VocabularySize);
        Assert.Equal([400, 500], tokenizer.Encode("yyzz"));
        Assert.True(tokenizer.VocabularyBytes(450).IsEmpty);
    }

    [Fact]
    public void Load_MissingFile_IsACheckpointException()
    {
        string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("n"), "vocab.txt");
        CheckpointException error = Assert.Throws<CheckpointException>(() => WorldTokenizer.Load(path));
        Assert.Equal($"{path}: no such vocabulary file", error.Message);
    }

    [Fact]
    public void Load_MutatedFiles_GiveOnlyCheckpointExceptions()
    {
        byte[] good = File.ReadAllBytes(Repository.EmbeddedVocabulary)[..6000];
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] bad = [.. good];
            for (int n = random.Next(1, 4); n > 0; n--) bad[random.Next(bad.Length)] = (byte)random.Next(256);
            try
            {
                Vocabularies.Load(bad);
            }
            catch (CheckpointException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 2000);
    }
}
