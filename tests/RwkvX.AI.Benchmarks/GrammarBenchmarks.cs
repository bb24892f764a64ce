using System.Text.Json;
using BenchmarkDotNet.Attributes;
using RwkvX.AI.Grammars;
using RwkvX.AI.Testing;

namespace RwkvX.AI.Benchmarks;

/// <summary>
/// What constrained decoding costs: the first use of a schema of 50 properties (compiling it and following one whole text),
/// and a step once its masks are known, with masking the logits.
/// </summary>
[MemoryDiagnoser]
public class GrammarBenchmarks
{
    private readonly JsonElement _schema = JsonDocument.Parse(FiftyProperties()).RootElement;
    private TokenVocabulary _vocabulary = null!;
    private TokenGrammar _warm = null!;
    private int[] _tokens = [];
    private ulong[] _mask = [];
    private float[] _logits = [];

    [Params("embedded", "world")]
    public string Vocabulary { get; set; } = "embedded";

    [GlobalSetup]
    public void Setup()
    {
        _vocabulary = GrammarVocabulary.Load(Vocabulary == "world" ? Repository.WorldVocabulary : Repository.EmbeddedVocabulary);
        _mask = new ulong[_vocabulary.MaskWords];
        _logits = new float[_vocabulary.Count];
        _warm = new TokenGrammar(Grammar.FromJsonSchema(_schema), _vocabulary);
        _tokens = GrammarVocabulary.Encode(_vocabulary, Text());
        Follow(_warm);
    }

    [Benchmark]
    public int FirstUse() => Follow(new TokenGrammar(Grammar.FromJsonSchema(_schema), _vocabulary));

    [Benchmark]
    public int CompileOnly() => new TokenGrammar(Grammar.FromJsonSchema(_schema), _vocabulary).MinimumTokens;

    /// <summary>All steps of the text; divide by their number (<see cref="Steps"/>) for one.</summary>
    [Benchmark]
    public int WarmText() => Follow(_warm);

    /// <summary>Masking the logits alone, as often.</summary>
    [Benchmark]
    public float MaskingAlone()
    {
        for (int i = 0; i < _tokens.Length; i++) MaskLogits();
        return _logits[0];
    }

    public int Steps => _tokens.Length;

    private int Follow(TokenGrammar grammar)
    {
        GrammarConstraint constraint = grammar.CreateConstraint(4096);
        int left = 4096;
        foreach (int token in _tokens)
        {
            constraint.FillMask(_mask, left--);
            MaskLogits();
            constraint.Accept(token);
        }

        return left;
    }

    private void MaskLogits()
    {
        for (int word = 0; word < _mask.Length; word++)
        {
            ulong forbidden = ~_mask[word];
            if (forbidden == 0) continue;
            Span<float> logits = _logits.AsSpan(word * 64, Math.Min(64, _logits.Length - (word * 64)));
            if (forbidden == ulong.MaxValue) logits.Fill(float.NegativeInfinity);
            else
            {
                for (int i = 0; i < logits.Length; i++) logits[i] = (forbidden >> i & 1) != 0 ? float.NegativeInfinity : logits[i];
            }
        }
    }

    private static string FiftyProperties()
    {
        string[] kinds = ["""{"type":"string"}""", """{"type":"integer"}""", """{"type":"string","maxLength":60}""", """{"type":"boolean"}""", """{"type":"array","items":{"type":"string"}}"""];
        IEnumerable<string> properties = Enumerable.Range(0, 50).Select(i => $"\"property{i}\":{kinds[i % kinds.Length]}");
        IEnumerable<string> required = Enumerable.Range(0, 50).Where(i => i % 3 != 0).Select(i => $"\"property{i}\"");
        return $$"""{"type":"object","properties":{{{string.Join(',', properties)}}},"required":[{{string.Join(',', required)}}],"additionalProperties":false}""";
    }

    private static string Text()
    {
        string[] values = ["\"Words of a common kind, twice.\"", "12345", "\"a short one\"", "true", "[\"one\", \"two and a half\"]"];
        return "{" + string.Join(", ", Enumerable.Range(0, 50).Select(i => $"\"property{i}\": {values[i % values.Length]}")) + "}";
    }
}
