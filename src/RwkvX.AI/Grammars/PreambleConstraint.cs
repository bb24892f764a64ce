using RwkvX.AI.Generation;
using RwkvX.AI.Grammars.Masks;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Grammars;

/// <summary>
/// Free text up to a mark, and a grammar after it. The mark ends with a token, so that the grammar begins with one; a token that would run
/// on beyond it is not allowed. Where the mark must come, it is spelt out as soon as no more tokens are left than it and the grammar take.
/// </summary>
internal sealed class PreambleConstraint : ITokenConstraint
{
    private readonly MarkMasks _masks;
    private readonly TokenGrammar? _grammar;
    private readonly int _endOfText;
    private readonly bool _mustCome;
    private readonly int[][] _spellings; // by bytes of the mark that are written: the tokens of the rest
    private readonly int _cost; // tokens of the worst spelling and of the shortest text after it
    private GrammarConstraint? _after;
    private int _written; // bytes of the mark that the text ends with
    private int _limit; // tokens left at the last mask

    /// <param name="masks">The mark, and which tokens complete it.</param>
    /// <param name="grammar">What follows the mark; null where the mark must not come at all.</param>
    /// <param name="tokenizer">Spells the mark where it must come.</param>
    /// <param name="endOfText">The id that ends a text; not to be sampled before a mark that must come.</param>
    /// <param name="mustCome">Whether the text may not end without the mark.</param>
    /// <param name="tokenLimit">The tokens that the whole text may take.</param>
    /// <exception cref="GrammarLimitException">The mark must come, and the limit is below what it and the grammar take.</exception>
    public PreambleConstraint(MarkMasks masks, TokenGrammar? grammar, WorldTokenizer tokenizer, int endOfText, bool mustCome, int tokenLimit)
    {
        _masks = masks;
        _grammar = grammar;
        _endOfText = endOfText;
        _mustCome = mustCome;
        _spellings = [.. Enumerable.Range(0, masks.Mark.Length).Select(written => tokenizer.EncodeUtf8(masks.Mark.Span[written..]))];
        _cost = _spellings.Max(tokens => tokens.Length) + (grammar?.MinimumTokens ?? 0);
        if (mustCome && tokenLimit < _cost) throw new GrammarLimitException(_cost, tokenLimit);
    }

    public int TokensToClose => _after?.TokensToClose ?? (_mustCome ? _spellings[_written].Length + _grammar!.MinimumTokens : 0);

    public bool IsComplete => _after is { IsComplete: true };

    public bool CanContinue => !IsEnded && _after is not { CanContinue: false };

    public bool IsEnded { get; private set; }

    public void FillMask(Span<ulong> allowed, int remainingTokens)
    {
        _limit = remainingTokens;
        if (_after is not null)
        {
            _after.FillMask(allowed, remainingTokens);
            return;
        }

        if (_mustCome && remainingTokens <= _cost)
        {
            allowed.Clear();
            TokenSet.Set(allowed, _spellings[_written][0]);
            return;
        }

        allowed.Fill(ulong.MaxValue);
        if (_mustCome) TokenSet.Clear(allowed, _endOfText);
        MarkMasks.Step step = _masks.Of(_written);
        step.Overrunning.RemoveFrom(allowed);
        if (_grammar is null || remainingTokens - 1 < _grammar.MinimumTokens) step.Completing.RemoveFrom(allowed);
    }

    public void Accept(int token)
    {
        if (_after is not null)
        {
            _after.Accept(token);
            IsEnded = _after.IsEnded;
            return;
        }

        if (token == _endOfText)
        {
            IsEnded = true;
            return;
        }

        _written = _masks.After(_written, token);
        if (_written == _masks.Mark.Length) _after = _grammar!.CreateConstraint(_limit - 1);
    }
}
