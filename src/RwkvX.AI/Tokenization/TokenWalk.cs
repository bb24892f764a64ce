namespace RwkvX.AI.Tokenization;

/// <summary>Walks over a text token by token and keeps count of the characters.</summary>
internal ref struct TokenWalk
{
    private readonly PieceTrie _trie;
    private Utf8Blocks _blocks;
    private int _pending; // bytes that the last character begun still lacks
    private int _width;   // UTF-16 units of the last character begun

    public TokenWalk(PieceTrie trie, ReadOnlySpan<char> text)
    {
        _trie = trie;
        _blocks = new Utf8Blocks(text, trie.MaxLength);
    }

    /// <summary>The token's id.</summary>
    public int Id { get; private set; }

    /// <summary>Where the first character that the token has a byte of begins, in UTF-16 units.</summary>
    public int Start { get; private set; }

    /// <summary>Where the last character that the token has a byte of ends, in UTF-16 units.</summary>
    public int End { get; private set; }

    /// <summary>Whether the token's last byte is the last byte of a character.</summary>
    public readonly bool EndsCharacter => _pending == 0;

    /// <summary>Goes to the next token.</summary>
    /// <returns>False at the end of the text.</returns>
    public bool MoveNext()
    {
        if (!_blocks.Read()) return false;
        ReadOnlySpan<byte> bytes = _blocks.Bytes;
        Id = _trie.Match(bytes, out int length);
        Start = _pending > 0 ? End - _width : End;
        foreach (byte b in bytes[..length]) Count(b);
        _blocks.Consume(length);
        return true;
    }

    /// <summary>Gives the buffer back.</summary>
    public readonly void Dispose() => _blocks.Dispose();

    private void Count(byte b)
    {
        if ((b & 0xC0) == 0x80)
        {
            _pending--;
            return;
        }

        _pending = b switch { < 0x80 => 0, < 0xE0 => 1, < 0xF0 => 2, _ => 3 };
        _width = b >= 0xF0 ? 2 : 1;
        End += _width;
    }
}
