namespace RwkvX.AI.Grammars.Automata;

/// <summary>A named rule before it is compiled.</summary>
/// <param name="Name">For error messages.</param>
/// <param name="Body">What one round says.</param>
/// <param name="IsLoop">Whether the rule is repeated within the bounds of its call.</param>
/// <param name="Separator">What stands between two rounds of a loop.</param>
/// <param name="Nests">Whether it adds a level of nesting, of which there is a limit.</param>
/// <param name="UsedKeys">Property names that the keys of this rule must not repeat; null where the rule has no keys.</param>
internal sealed record RuleDefinition(
    string Name, Expression Body, bool IsLoop = false, Expression? Separator = null, bool Nests = false, IReadOnlyList<byte[]>? UsedKeys = null);
