using RwkvX.AI.Generation;
using RwkvX.AI.Grammars.Machine;
using RwkvX.AI.Grammars.Masks;

namespace RwkvX.AI.Grammars;

/// <summary>Follows one text through a grammar, and always knows tokens that close it.</summary>
internal sealed class GrammarConstraint : ITokenConstraint
{
    private readonly TokenGrammar _grammar;
    private GrammarRuntime _runtime;
    private int _at;
    private Closing? _plan; // a closing that was begun to be forced; it stays possible, and no longer than it was
    private bool _ended;

    public GrammarConstraint(TokenGrammar grammar, GrammarRuntime runtime, int at)
    {
        _grammar = grammar;
        _runtime = runtime;
        _at = at;
    }

    public int TokensToClose
    {
        get
        {
            lock (_grammar.Gate) return ShortestClosing().Tokens;
        }
    }

    public bool IsComplete => At.IsComplete;

    public bool CanContinue => !_ended && At.Items.Length > 0;

    public bool IsEnded => _ended;

    private Configuration At
    {
        get
        {
            lock (_grammar.Gate) return _runtime.Store[_at];
        }
    }

    /// <summary>The same point of the text, to try out tokens.</summary>
    public GrammarConstraint Clone() => new(_grammar, _runtime, _at) { _plan = _plan, _ended = _ended };

    public void FillMask(Span<ulong> allowed, int remainingTokens)
    {
        if (allowed.Length < _grammar.Vocabulary.MaskWords)
            throw new ArgumentException($"expected {_grammar.Vocabulary.MaskWords} words, got {allowed.Length}", nameof(allowed));
        allowed.Clear();
        lock (_grammar.Gate)
        {
            StepMask step = _runtime.StepOf(_at);
            if (_ended) return;
            if (remainingTokens > step.Cost) step.Tokens.AddTo(allowed);
            else FillTight(allowed, remainingTokens);
            if (!_runtime.Store[_at].IsComplete) return;
        }

        foreach (int token in _grammar.Vocabulary.EndOfText) TokenSet.Set(allowed, token);
    }

    public void Accept(int token)
    {
        lock (_grammar.Gate)
        {
            if (_grammar.Vocabulary.EndOfText.Contains(token) && _runtime.Store[_at].IsComplete && !_ended)
            {
                _ended = true;
                return;
            }

            int next = _ended ? Configuration.Dead : After(token);
            if (next == Configuration.Dead) throw new InvalidOperationException($"token {token} is not allowed here");
            _plan = _plan?.Token == token ? _plan.AfterToken : null;
            _at = next;
            MoveToFreshRuntime();
        }
    }

    /// <summary>Whether a token may come next, tried byte by byte: the slow twin of the mask while tokens abound.</summary>
    public bool Allows(int token)
    {
        lock (_grammar.Gate)
        {
            return !_ended && (After(token) != Configuration.Dead || (_grammar.Vocabulary.EndOfText.Contains(token) && _runtime.Store[_at].IsComplete));
        }
    }

    private int After(int token)
    {
        if ((uint)token >= (uint)_grammar.Vocabulary.Count || _grammar.Vocabulary.EndOfText.Contains(token)) return Configuration.Dead;
        ReadOnlySpan<byte> bytes = _grammar.Vocabulary.Bytes(token);
        int next = bytes.Length == 0 ? Configuration.Dead : _at;
        for (int i = 0; i < bytes.Length && next != Configuration.Dead; i++) next = _runtime.Store.Step(next, bytes[i]);
        return next;
    }

    /// <summary>Only tokens after which the rest can still be closed, the shortest closing's first among them.</summary>
    private void FillTight(Span<ulong> allowed, int remainingTokens)
    {
        _runtime.AddTight(_at, allowed, remainingTokens - 1);
        _plan = ShortestClosing();
        if (_plan.Token >= 0) TokenSet.Set(allowed, _plan.Token);
    }

    private Closing ShortestClosing()
    {
        Closing fresh = _runtime.Planner.Of(_runtime.Store[_at]);
        return _plan is { } plan && plan.Tokens < fresh.Tokens ? plan : fresh;
    }

    private void MoveToFreshRuntime()
    {
        GrammarRuntime current = _grammar.Runtime();
        if (current == _runtime) return;
        _at = current.Store.Adopt(_runtime.Store, _at);
        _runtime = current;
    }
}
