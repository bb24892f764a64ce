using System.Runtime.InteropServices;

namespace RwkvX.AI.Training.Data;

/// <summary>Gathers tokenised documents and writes them as a shard.</summary>
/// <param name="vocabSize">Ids are below this; up to 65,536 they take two bytes.</param>
public sealed class TokenShardWriter(int vocabSize)
{
    private readonly List<int> _tokens = [];
    private readonly List<TokenKind> _kinds = [];
    private readonly List<long> _starts = [0];

    /// <summary>Tokens so far.</summary>
    public long TokenCount => _tokens.Count;

    /// <summary>Documents so far.</summary>
    public long DocumentCount => _starts.Count - 1;

    /// <summary>Adds a document; token 0 is put behind it.</summary>
    /// <param name="tokens">Its ids.</param>
    /// <param name="kinds">As many kinds.</param>
    public void Add(ReadOnlySpan<int> tokens, ReadOnlySpan<TokenKind> kinds)
    {
        if (tokens.Length != kinds.Length) throw new ArgumentException($"expected {tokens.Length} kinds, found {kinds.Length}", nameof(kinds));
        foreach (int token in tokens) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)vocabSize, nameof(tokens));
        _tokens.AddRange(tokens);
        _kinds.AddRange(kinds);
        _tokens.Add(0);
        _kinds.Add(kinds.IsEmpty ? TokenKind.Prose : kinds[^1]);
        _starts.Add(_tokens.Count);
    }

    /// <summary>Writes the file.</summary>
    public void Write(string path)
    {
        int width = vocabSize <= 65_536 ? 2 : 4;
        using FileStream stream = File.Create(path);
        using BinaryWriter writer = new(stream);
        writer.Write(TokenShard.Magic);
        writer.Write(vocabSize);
        writer.Write(width);
        writer.Write(TokenCount);
        writer.Write(DocumentCount);
        Span<int> tokens = CollectionsMarshal.AsSpan(_tokens);
        if (width == 4) writer.Write(MemoryMarshal.AsBytes(tokens));
        else writer.Write(MemoryMarshal.AsBytes(Array.ConvertAll(tokens.ToArray(), token => (ushort)token).AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_kinds)));
        writer.Flush();
        writer.Write(new byte[TokenShard.StartsOffset(TokenCount, width) - stream.Position]);
        writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_starts)));
    }
}
