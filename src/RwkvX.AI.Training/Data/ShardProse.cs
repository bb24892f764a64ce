using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Training.Data;

/// <summary>Pieces of the text in shards, as filler for generated documents.</summary>
/// <param name="shards">Stay the caller's.</param>
/// <param name="tokenizer">Their vocabulary.</param>
internal sealed class ShardProse(IReadOnlyList<TokenShard> shards, WorldTokenizer tokenizer)
{
    private const int Window = 160; // tokens that a piece is cut from

    /// <summary>A few whole sentences on one paragraph.</summary>
    public string Paragraph(Random random)
    {
        TokenShard shard = shards[random.Next(shards.Count)];
        int length = (int)Math.Min(Window, shard.TokenCount);
        int[] ids = new int[length];
        shard.Read(random.NextInt64(shard.TokenCount - length + 1), ids, new TokenKind[length]);
        string text = tokenizer.Decode(ids.Where(id => id != 0)).ReplaceLineEndings(" ").Trim();
        int first = text.IndexOf(". ", StringComparison.Ordinal), last = text.LastIndexOf('.');
        return first >= 0 && last > first + 2 ? text[(first + 2)..(last + 1)] : text;
    }
}
