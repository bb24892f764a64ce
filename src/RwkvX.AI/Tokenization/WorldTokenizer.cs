using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;
using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Tokenization;

/// <summary>The RWKV World tokenizer: at each byte the longest matching piece of the vocabulary.</summary>
/// <remarks>
/// Works on the text's UTF-8, so any text can be encoded and decodes back to itself; a lone surrogate counts as U+FFFD. There is no
/// normalisation, no pre-tokenization and no special token: those arguments of the base class have no effect. Id 0 means end of
/// text; it is never produced by encoding and decodes to nothing, as does any id without a piece (a model's head may be wider than
/// its vocabulary). A character may take several tokens: their offsets all cover it, and a limit of tokens never cuts it.
/// Immutable: all members may be called from any thread.
/// </remarks>
public sealed class WorldTokenizer : Tokenizer
{
    /// <summary>The id that means end of text.</summary>
    public const int EndOfTextId = 0;

    private readonly PieceTable _pieces;
    private readonly PieceTrie _trie;

    private WorldTokenizer(PieceTable pieces, PieceTrie trie) => (_pieces, _trie) = (pieces, trie);

    /// <summary>The highest id that has a piece, plus one.</summary>
    public int VocabularySize => _pieces.Count;

    /// <summary>Bytes of the longest piece.</summary>
    public int MaxPieceLength => _pieces.MaxLength;

    /// <summary>Loads a vocabulary file in the World format: a line is <c>id literal length</c>.</summary>
    /// <param name="path">The file, such as <c>vocab.txt</c> of a model directory or the published <c>rwkv_vocab_v20230424.txt</c>.</param>
    /// <exception cref="CheckpointException">The file cannot be read or is malformed; the message names line, expected and found.</exception>
    public static WorldTokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Load(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool missing = e is FileNotFoundException or DirectoryNotFoundException;
            throw new CheckpointException(path, missing ? "no such vocabulary file" : e.Message, e);
        }
    }

    /// <summary>Loads a vocabulary in the World format from a stream.</summary>
    /// <param name="stream">Read to its end; stays open.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="CheckpointException">The content is malformed; the message names line, expected and found.</exception>
    public static WorldTokenizer Load(Stream stream, string name = "<vocabulary>")
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        using MemoryStream content = new();
        stream.CopyTo(content);
        return Load(content.GetBuffer().AsSpan(0, (int)content.Length), name);
    }

    private static WorldTokenizer Load(ReadOnlySpan<byte> content, string name)
    {
        PieceTable pieces = VocabularyFile.Read(content, name);
        int[] sorted = pieces.SortedIds();
        VocabularyFile.Check(pieces, sorted, name);
        return new WorldTokenizer(pieces, PieceTrieBuilder.Build(pieces, sorted, name));
    }

    /// <summary>The bytes that an id stands for.</summary>
    /// <param name="id">An id of the model's head.</param>
    /// <returns>The piece, not always whole characters; empty for an id without one.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is negative.</exception>
    public ReadOnlySpan<byte> VocabularyBytes(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return _pieces[id];
    }

    /// <summary>The ids that have a piece, ordered by its bytes.</summary>
    internal int[] SortedIds() => _pieces.SortedIds();

    /// <summary>The same as <see cref="VocabularyBytes"/>, to be kept.</summary>
    internal ReadOnlyMemory<byte> VocabularyMemory(int id) => _pieces.Memory(id);

    /// <summary>Encodes text.</summary>
    /// <param name="text">Any UTF-16; lone surrogates count as U+FFFD.</param>
    /// <returns>The ids, none of them 0.</returns>
    public int[] Encode(ReadOnlySpan<char> text)
    {
        using Utf8Blocks blocks = new(text, _trie.MaxLength);
        using IdBuffer ids = new();
        while (blocks.Read())
        {
            ids.Advance(_trie.Encode(blocks.Bytes, blocks.IsLast, ids.Free, out int consumed));
            blocks.Consume(consumed);
        }

        return ids.ToArray();
    }

    /// <summary>Encodes bytes as they are; they need not be valid UTF-8.</summary>
    /// <param name="utf8">The text.</param>
    /// <returns>The ids, none of them 0.</returns>
    public int[] EncodeUtf8(ReadOnlySpan<byte> utf8)
    {
        using IdBuffer ids = new();
        while (!utf8.IsEmpty)
        {
            ids.Advance(_trie.Encode(utf8, isLast: true, ids.Free, out int consumed));
            utf8 = utf8[consumed..];
        }

        return ids.ToArray();
    }

    /// <summary>Encodes bytes into the caller's memory, as part of a longer text or to its end.</summary>
    /// <param name="utf8">The text from where the last call stopped.</param>
    /// <param name="ids">Where the ids go.</param>
    /// <param name="bytesConsumed">How much of <paramref name="utf8"/> is encoded; call again with the rest.</param>
    /// <param name="idsWritten">Ids written.</param>
    /// <param name="isFinalBlock">Whether the text ends with <paramref name="utf8"/>.</param>
    /// <returns>
    /// <see cref="OperationStatus.Done"/>; <see cref="OperationStatus.DestinationTooSmall"/> if <paramref name="ids"/> is full; or, if more
    /// text is to come, <see cref="OperationStatus.NeedMoreData"/> where a piece might reach beyond what was given.
    /// </returns>
    public OperationStatus EncodeUtf8(
        ReadOnlySpan<byte> utf8, Span<int> ids, out int bytesConsumed, out int idsWritten, bool isFinalBlock = true)
    {
        idsWritten = _trie.Encode(utf8, isFinalBlock, ids, out bytesConsumed);
        if (bytesConsumed == utf8.Length) return OperationStatus.Done;
        return idsWritten == ids.Length ? OperationStatus.DestinationTooSmall : OperationStatus.NeedMoreData;
    }

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArrayBufferWriter<byte> bytes = new();
        foreach (int id in ids)
        {
            if (id < 0) throw new InvalidOperationException($"ids: expected 0 or more, found {id}");
            bytes.Write(_pieces[id]);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Decodes ids into the caller's memory.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="destination">Where the characters go.</param>
    /// <param name="idsConsumed">Ids whose characters were written; the rest can be decoded by another call.</param>
    /// <param name="charsWritten">Characters written.</param>
    /// <returns>
    /// <see cref="OperationStatus.Done"/>, <see cref="OperationStatus.DestinationTooSmall"/>, or
    /// <see cref="OperationStatus.InvalidData"/> at a negative id.
    /// </returns>
    /// <remarks>Stops only where no character is cut, so that the texts of several calls join to the text of one.</remarks>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        StreamingDetokenizer detokenizer = new(this);
        idsConsumed = charsWritten = 0;
        int seen = 0, written = 0;
        foreach (int id in ids)
        {
            if (id < 0) return OperationStatus.InvalidData;
            string text = detokenizer.Append(id);
            if (!text.TryCopyTo(destination[written..])) return OperationStatus.DestinationTooSmall;
            written += text.Length;
            seen++;
            if (detokenizer.HeldBytes == 0) (idsConsumed, charsWritten) = (seen, written);
        }

        string rest = detokenizer.Flush();
        if (!rest.TryCopyTo(destination[written..])) return OperationStatus.DestinationTooSmall;
        (idsConsumed, charsWritten) = (seen, written + rest.Length);
        return OperationStatus.Done;
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        ReadOnlySpan<char> all = text ?? textSpan;
        if (settings.MaxTokenCount == int.MaxValue) return new() { Tokens = Encode(all), CharsConsumed = all.Length };
        int length = IndexAfter(all, Limit(settings), out _);
        return new() { Tokens = Encode(all[..length]), CharsConsumed = length };
    }

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        ReadOnlySpan<char> all = text ?? textSpan;
        if (settings.MaxTokenCount != int.MaxValue) all = all[..IndexAfter(all, Limit(settings), out _)];
        List<EncodedToken> tokens = [];
        TokenWalk walk = new(_trie, all);
        while (walk.MoveNext()) tokens.Add(new EncodedToken(walk.Id, Encoding.UTF8.GetString(_pieces[walk.Id]), walk.Start..walk.End));
        walk.Dispose();
        return new() { Tokens = tokens, CharsConsumed = all.Length };
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        ReadOnlySpan<char> all = text ?? textSpan;
        if (settings.MaxTokenCount == int.MaxValue) return Count(all);
        IndexAfter(all, Limit(settings), out int count);
        return count;
    }

    /// <inheritdoc/>
    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedText, out int tokenCount)
    {
        ReadOnlySpan<char> all = text ?? textSpan;
        normalizedText = null;
        int limit = Limit(settings);
        return fromEnd ? IndexBefore(all, limit, out tokenCount) : IndexAfter(all, limit, out tokenCount);
    }

    private static int Limit(EncodeSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(settings.MaxTokenCount, "maxTokenCount");
        return settings.MaxTokenCount;
    }

    private int Count(ReadOnlySpan<char> text)
    {
        using Utf8Blocks blocks = new(text, _trie.MaxLength);
        Span<int> ids = stackalloc int[1024];
        int count = 0;
        while (blocks.Read())
        {
            count += _trie.Encode(blocks.Bytes, blocks.IsLast, ids, out int consumed);
            blocks.Consume(consumed);
        }

        return count;
    }

    /// <summary>The end of the longest start of a text that has at most so many tokens and cuts no character.</summary>
    private int IndexAfter(ReadOnlySpan<char> text, int limit, out int count)
    {
        int index = 0, seen = 0;
        count = 0;
        using TokenWalk walk = new(_trie, text);
        while (seen < limit && walk.MoveNext())
        {
            seen++;
            if (walk.EndsCharacter) (index, count) = (walk.End, seen);
        }

        return index;
    }

    /// <summary>The start of the longest end of a text that has at most so many tokens and cuts no character.</summary>
    /// <remarks>Greedy matching has no memory at the border of a token: the end of a text encodes to the end of the text's tokens.</remarks>
    private int IndexBefore(ReadOnlySpan<char> text, int limit, out int count)
    {
        int total = Count(text), seen = 0;
        count = total;
        if (total <= limit) return 0;
        using TokenWalk walk = new(_trie, text);
        while (walk.MoveNext())
        {
            count = total - ++seen;
            if (count <= limit && walk.EndsCharacter) return walk.End;
        }

        return text.Length;
    }
}
