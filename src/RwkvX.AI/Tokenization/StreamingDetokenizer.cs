using System.Text;

namespace RwkvX.AI.Tokenization;

/// <summary>Turns ids into text as they come: only whole characters go out, the rest is held back.</summary>
/// <remarks>
/// The concatenation of everything returned, <see cref="Flush"/> included, equals <see cref="Encoding.UTF8"/> over the bytes of all
/// ids: bytes that can belong to no character become U+FFFD. Not thread-safe: one for each answer.
/// </remarks>
public sealed class StreamingDetokenizer
{
    private readonly WorldTokenizer _tokenizer;
    private readonly byte[] _bytes; // what is held back, then the next piece
    private int _held;

    /// <summary>Starts an empty text.</summary>
    /// <param name="tokenizer">Whose pieces the ids name.</param>
    public StreamingDetokenizer(WorldTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _bytes = new byte[tokenizer.MaxPieceLength + 3];
    }

    /// <summary>Bytes of an unfinished character that are held back, 0 to 3.</summary>
    public int HeldBytes => _held;

    /// <summary>Takes one id.</summary>
    /// <param name="id">An id; one without a piece, such as the end of text, adds nothing.</param>
    /// <returns>The characters that are now complete, possibly none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is negative.</exception>
    public string Append(int id)
    {
        ReadOnlySpan<byte> piece = _tokenizer.VocabularyBytes(id);
        piece.CopyTo(_bytes.AsSpan(_held));
        Span<byte> all = _bytes.AsSpan(0, _held + piece.Length);
        _held = Utf8Tail.IncompleteLength(all);
        string text = Encoding.UTF8.GetString(all[..^_held]);
        all[^_held..].CopyTo(_bytes);
        return text;
    }

    /// <summary>Ends the text: an unfinished character comes out as U+FFFD, and the next id starts afresh.</summary>
    /// <returns>The rest, usually empty.</returns>
    public string Flush()
    {
        string text = Encoding.UTF8.GetString(_bytes, 0, _held);
        _held = 0;
        return text;
    }
}
