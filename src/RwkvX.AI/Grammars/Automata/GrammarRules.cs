namespace RwkvX.AI.Grammars.Automata;

/// <summary>The rules of a grammar while it is being written: declared first where they are recursive, defined once.</summary>
internal sealed class GrammarRules
{
    private readonly List<RuleDefinition?> _rules = [];
    private readonly List<string> _names = [];

    public int Count => _rules.Count;

    public int Declare(string name)
    {
        _names.Add(name);
        _rules.Add(null);
        return _rules.Count - 1;
    }

    public void Define(int rule, RuleDefinition definition) => _rules[rule] = definition;

    public int Add(RuleDefinition definition)
    {
        int rule = Declare(definition.Name);
        Define(rule, definition);
        return rule;
    }

    public RuleDefinition this[int rule] => _rules[rule] ?? throw new GrammarException($"rule '{_names[rule]}' is used but not defined");
}
