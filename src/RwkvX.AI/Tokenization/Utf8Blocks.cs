using System.Buffers;
using System.Text.Unicode;

namespace RwkvX.AI.Tokenization;

/// <summary>Walks over a text as blocks of UTF-8 in one rented buffer; lone surrogates become U+FFFD.</summary>
/// <remarks>
/// Each round: <see cref="Read"/>, work on <see cref="Bytes"/>, <see cref="Consume"/>; what was not consumed opens the next block.
/// </remarks>
internal ref struct Utf8Blocks
{
    private const int BlockSize = 32 * 1024;

    private readonly byte[] _buffer;
    private readonly int _lookahead;
    private ReadOnlySpan<char> _text;
    private int _start, _end;

    /// <param name="text">The text.</param>
    /// <param name="lookahead">Bytes that the reader may leave unconsumed in a block that is not the last.</param>
    public Utf8Blocks(ReadOnlySpan<char> text, int lookahead)
    {
        _text = text;
        _lookahead = lookahead;
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BlockSize + (4 * lookahead), (3L * text.Length) + 4));
    }

    /// <summary>What was read and not consumed.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Whether <see cref="Bytes"/> reach the end of the text.</summary>
    public readonly bool IsLast => _text.IsEmpty;

    /// <summary>Sees to it that the lookahead is in sight wherever the text goes on.</summary>
    /// <returns>False once everything is consumed.</returns>
    public bool Read()
    {
        if (!_text.IsEmpty && _end - _start < _lookahead) Fill();
        return _end > _start;
    }

    /// <summary>Takes bytes off the front.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>Gives the buffer back.</summary>
    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Fill()
    {
        Bytes.CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        Utf8.FromUtf16(_text, _buffer.AsSpan(_end), out int read, out int written, replaceInvalidSequences: true, isFinalBlock: true);
        _text = _text[read..];
        _end += written;
    }
}
