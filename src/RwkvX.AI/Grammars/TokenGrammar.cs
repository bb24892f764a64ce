using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Masks;

namespace RwkvX.AI.Grammars;

/// <summary>
/// A grammar over one vocabulary, with the masks computed so far: keep it, as the first use of a state pays for all later ones.
/// Thread-safe; constraints made from it share its masks and take turns.
/// </summary>
internal sealed class TokenGrammar
{
    /// <summary>Configurations after which the runtime is replaced by a fresh one; each holds at most a kilobyte and, where visited, a mask.</summary>
    private const int MaxConfigurations = 8192;

    private readonly FrameMasks _frames;
    private GrammarRuntime _runtime;

    /// <exception cref="GrammarException">The vocabulary lacks a single-byte token for a byte that the grammar may need.</exception>
    public TokenGrammar(Grammar grammar, TokenVocabulary vocabulary)
    {
        Program = grammar.Program;
        Vocabulary = vocabulary;
        RequireBytes(Program, vocabulary);
        _frames = new FrameMasks(Program, vocabulary);
        _runtime = NewRuntime();
        MinimumTokens = _runtime.Planner.Of(_runtime.Store[_runtime.Store.Start]).Tokens;
    }

    public TokenVocabulary Vocabulary { get; }

    /// <summary>Tokens of the shortest text.</summary>
    public int MinimumTokens { get; }

    public GrammarProgram Program { get; }

    /// <summary>Held by whoever uses a runtime or the frame masks.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The state before the first token of a text.</summary>
    /// <param name="tokenLimit">The tokens that the text may take.</param>
    /// <exception cref="GrammarLimitException">The limit is below <see cref="MinimumTokens"/>.</exception>
    public GrammarConstraint CreateConstraint(int tokenLimit)
    {
        if (tokenLimit < MinimumTokens) throw new GrammarLimitException(MinimumTokens, tokenLimit);
        lock (Gate)
        {
            GrammarRuntime runtime = Runtime();
            return new GrammarConstraint(this, runtime, runtime.Store.Start);
        }
    }

    /// <summary>The runtime for new work; under <see cref="Gate"/>.</summary>
    public GrammarRuntime Runtime()
    {
        if (_runtime.Store.Count > MaxConfigurations) _runtime = NewRuntime();
        return _runtime;
    }

    private GrammarRuntime NewRuntime() => new(Program, Vocabulary, _frames);

    private static void RequireBytes(GrammarProgram program, TokenVocabulary vocabulary)
    {
        var needed = new bool[256];
        foreach (Nfa.ByteEdge edge in program.States.SelectMany(state => state.Bytes)) needed.AsSpan(edge.Low, edge.High - edge.Low + 1).Fill(true);
        List<string> missing = [.. Enumerable.Range(0, 256).Where(value => needed[value] && !vocabulary.HasByte((byte)value)).Select(value => $"0x{value:X2}")];
        if (missing.Count > 0)
            throw new GrammarException($"the vocabulary has no token for the single bytes {string.Join(", ", missing)}, which the grammar may need");
    }
}
