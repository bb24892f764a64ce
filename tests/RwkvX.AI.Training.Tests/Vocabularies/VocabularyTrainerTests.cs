using System.Text;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Vocabularies;
using Xunit;

namespace RwkvX.AI.Training.Tests.Vocabularies;

public sealed class VocabularyTrainerTests
{
    [Fact]
    public void Train_ProjectsOwnDocs_KeepsDigitsAndBordersApart()
    {
        VocabularyTrainer trainer = new();
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "log.md")) + "User: 12 cats?\n\nAssistant: It's 340,000 'x\\y' é…\n\nUser: ok\n\n";
        trainer.Add(text);
        IReadOnlyList<byte[]> pieces = trainer.Train(700);
        Assert.Equal(699, pieces.Count);
        Assert.Equal(699, pieces.Select(Convert.ToHexString).Distinct().Count());
        foreach (byte[] piece in pieces.Where(piece => piece.Length > 1))
        {
            string shown = Encoding.UTF8.GetString(piece);
            Assert.DoesNotContain(shown, char.IsAsciiDigit);
            Assert.True(!shown.Contains('\n') || shown.Trim('\n').Length == 0, $"'{shown}' crosses a line break");
            Assert.True(!shown.Contains(':') || shown.Trim(' ').Trim(':').Length == 0, $"'{shown}' crosses a colon");
        }

        using TestFolder folder = new();
        WorldVocabularyFile.Write(folder.File("vocab.txt"), pieces);
        WorldTokenizer tokenizer = WorldTokenizer.Load(folder.File("vocab.txt"));
        int[] ids = tokenizer.Encode(text);
        Assert.Equal(text, tokenizer.Decode(ids));
        Assert.True(Encoding.UTF8.GetByteCount(text) > 1.7 * ids.Length, $"{(double)Encoding.UTF8.GetByteCount(text) / ids.Length:f2} bytes a token");
        // A turn encodes the same alone as behind what went before.
        Assert.Equal(tokenizer.Encode("User: a b"), tokenizer.Encode("x\n\nUser: a b")[tokenizer.Encode("x\n\n").Length..]);
    }

    [Fact]
    public void Train_SameText_SameVocabulary()
    {
        static string[] Train()
        {
            VocabularyTrainer trainer = new();
            trainer.Add("the cat and the hat and the bat; a cat sat on a mat");
            return [.. trainer.Train(270).Select(Convert.ToHexString)];
        }

        Assert.Equal(Train(), Train());
    }
}
