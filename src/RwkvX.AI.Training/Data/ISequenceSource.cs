namespace RwkvX.AI.Training.Data;

/// <summary>Sequences by number: a pure function, so that a resumed run sees what an uninterrupted one would.</summary>
internal interface ISequenceSource
{
    /// <summary>Writes a sequence. May be called from any thread.</summary>
    /// <param name="index">0 and on.</param>
    /// <param name="tokens">(T + 1): inputs and, one later, targets.</param>
    /// <param name="kinds">(T + 1)</param>
    void Read(long index, Span<int> tokens, Span<TokenKind> kinds);
}
