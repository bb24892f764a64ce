using RwkvX.AI.Evaluation.Tasks;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Training.Data;

/// <summary>Generated documents packed into sequences, each ending with token 0.</summary>
/// <param name="generator">Writes the documents.</param>
/// <param name="tokenizer">The model's.</param>
/// <param name="minLength">Shortest document in tokens.</param>
/// <param name="length">T; the longest document.</param>
/// <param name="seed">Decides the documents.</param>
internal sealed class TaskSource(TaskGenerator generator, WorldTokenizer tokenizer, int minLength, int length, int seed) : ISequenceSource
{
    public void Read(long index, Span<int> tokens, Span<TokenKind> kinds)
    {
        Random random = new(unchecked((int)(((seed * 1_000_003L) + index) * 2_654_435_761L >> 7)));
        int at = 0;
        while (at < tokens.Length)
        {
            int room = tokens.Length - at;
            if (room < minLength / 2)
            {
                tokens[at..].Clear();
                kinds[at..].Fill(TokenKind.Padding);
                return;
            }

            double low = Math.Log(Math.Min(minLength, room)), high = Math.Log(Math.Min(length, room));
            int wanted = (int)Math.Exp(low + ((high - low) * random.NextDouble()));
            TaskDocument document = generator.Write(random, wanted, text => tokenizer.Encode(text).Length);
            at += Append(document, tokens[at..], kinds[at..]);
        }
    }

    /// <summary>Encodes a document as one text, and gives each token the kind of the part in which it begins.</summary>
    internal static int Append(TaskDocument document, WorldTokenizer tokenizer, Span<int> tokens, Span<TokenKind> kinds)
    {
        int[] ids = tokenizer.Encode(document.Text);
        int count = Math.Min(ids.Length, tokens.Length), part = 0;
        long offset = 0, end = System.Text.Encoding.UTF8.GetByteCount(document.Parts[0].Text);
        for (int i = 0; i < count; i++)
        {
            while (offset >= end && part + 1 < document.Parts.Count) end += System.Text.Encoding.UTF8.GetByteCount(document.Parts[++part].Text);
            tokens[i] = ids[i];
            kinds[i] = KindOf(document.Parts[part].Kind);
            offset += tokenizer.VocabularyBytes(ids[i]).Length;
        }

        if (count == tokens.Length) return count;
        tokens[count] = 0;
        kinds[count] = TokenKind.Prose;
        return count + 1;
    }

    private int Append(TaskDocument document, Span<int> tokens, Span<TokenKind> kinds) => Append(document, tokenizer, tokens, kinds);

    private static TokenKind KindOf(PartKind kind) => kind switch
    {
        PartKind.Filler => TokenKind.Filler,
        PartKind.Fact => TokenKind.Fact,
        PartKind.Answer => TokenKind.Answer,
        _ => TokenKind.Question,
    };
}
