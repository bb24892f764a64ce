namespace RwkvX.AI.Grammars.Masks;

/// <summary>Bytes that close a text, as a chain whose ends are shared, with the fewest tokens that spell them.</summary>
internal sealed class Closing
{
    /// <summary>Nothing left to close.</summary>
    public static Closing End { get; } = new(0, null, 0, 0, -1, null);

    public Closing(byte first, Closing? rest, int bytes, int tokens, int token, Closing? afterToken)
    {
        First = first;
        Rest = rest;
        Bytes = bytes;
        Tokens = tokens;
        Token = token;
        AfterToken = afterToken;
    }

    public byte First { get; }

    /// <summary>What comes after the first byte; null at the end.</summary>
    public Closing? Rest { get; }

    public int Bytes { get; }

    /// <summary>Fewest tokens of the vocabulary that spell the bytes.</summary>
    public int Tokens { get; }

    /// <summary>The first of them; -1 at the end.</summary>
    public int Token { get; }

    /// <summary>What the first token leaves to close.</summary>
    public Closing? AfterToken { get; }
}
