using System.Collections.Concurrent;
using System.Numerics;
using System.Text;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Grammars;

/// <summary>
/// Compiled grammars of one model with the masks computed so far, so that only the first use of a schema pays. Those used last are kept.
/// All members may be called from any thread.
/// </summary>
internal sealed class GrammarCache
{
    /// <summary>Grammars kept: each holds a mask of V bits for every place in it that was visited, a few megabytes at most.</summary>
    public const int Capacity = 32;

    private const string WarmSchema =
        """{"type":"object","properties":{"s":{"type":"string"},"n":{"type":"integer"},"a":{"type":"array","items":{"enum":["x","y"]},"minItems":1},"o":{"type":"boolean"}},"required":["s","n","a"]}""";

    private readonly Lock _lock = new();
    private readonly LinkedList<(string Key, Lazy<TokenGrammar> Grammar)> _byUse = new(); // the most recently used first
    private readonly Dictionary<string, LinkedListNode<(string Key, Lazy<TokenGrammar> Grammar)>> _grammars = [];
    private readonly ConcurrentDictionary<string, MarkMasks> _marks = [];
    private readonly Lazy<TokenVocabulary> _vocabulary;

    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="vocabSize">V, the rows of the model's head.</param>
    /// <param name="endOfText">The id that ends a text.</param>
    /// <param name="answerEnd">What closes an answer: where it is one token, that ends a text too.</param>
    public GrammarCache(WorldTokenizer tokenizer, int vocabSize, int endOfText, string answerEnd)
    {
        _vocabulary = new(() =>
        {
            int[] end = tokenizer.Encode(answerEnd);
            int[] ends = end.Length == 1 && tokenizer.VocabularyBytes(end[0]).Length > 1 ? [endOfText, end[0]] : [endOfText];
            return TokenVocabulary.Of(tokenizer, vocabSize, ends);
        });
    }

    /// <summary>The model's vocabulary; made by the first use.</summary>
    public TokenVocabulary Vocabulary => _vocabulary.Value;

    /// <summary>Grammars kept at the moment.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _grammars.Count;
        }
    }

    /// <summary>The grammar of a source over this vocabulary.</summary>
    /// <exception cref="GrammarException">The source is malformed, or says what cannot be followed.</exception>
    public TokenGrammar Get(GrammarSource source) => Get($"{source.Notation} {source.Text}", source.Compile);

    /// <summary>The grammar of calls over this vocabulary.</summary>
    /// <exception cref="GrammarException">A function's schema says what cannot be followed.</exception>
    public TokenGrammar Get(CallGrammar calls) => Get($"calls {calls.Key}", calls.Compile);

    /// <summary>What completes a mark over this vocabulary; there are few marks, and all are kept.</summary>
    public MarkMasks Mark(string mark) => _marks.GetOrAdd(mark, text => new MarkMasks(Vocabulary, Encoding.UTF8.GetBytes(text)));

    /// <summary>Prepares the vocabulary and runs a small schema once, so that the first schema of a request pays for itself only.</summary>
    public void Warm()
    {
        GrammarConstraint constraint;
        try
        {
            constraint = Get(new GrammarSource(GrammarNotation.JsonSchema, WarmSchema)).CreateConstraint(256);
        }
        catch (GrammarException)
        {
            return; // a vocabulary that cannot spell JSON; a request that asks for it is told so
        }

        ulong[] allowed = new ulong[Vocabulary.MaskWords];
        while (constraint.CanContinue)
        {
            constraint.FillMask(allowed, 256);
            constraint.FillMask(allowed, constraint.TokensToClose); // the closing alone
            int word = allowed.AsSpan().IndexOfAnyExcept(0UL);
            constraint.Accept((word * 64) + BitOperations.TrailingZeroCount(allowed[word]));
        }
    }

    private TokenGrammar Get(string key, Func<Grammar> compile)
    {
        LinkedListNode<(string Key, Lazy<TokenGrammar> Grammar)>? node;
        lock (_lock)
        {
            if (_grammars.TryGetValue(key, out node)) _byUse.Remove(node);
            else _grammars.Add(key, node = new((key, new Lazy<TokenGrammar>(() => new TokenGrammar(compile(), Vocabulary)))));
            _byUse.AddFirst(node);
            while (_grammars.Count > Capacity)
            {
                _grammars.Remove(_byUse.Last!.Value.Key);
                _byUse.RemoveLast();
            }
        }

        return node.Value.Grammar.Value; // outside the lock: who asks for the same waits, others do not
    }
}
