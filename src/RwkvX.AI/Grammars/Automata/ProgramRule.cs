namespace RwkvX.AI.Grammars.Automata;

/// <summary>A compiled rule.</summary>
/// <param name="Name">For error messages.</param>
/// <param name="Start">State at the start of the (first) round.</param>
/// <param name="NextStart">State at the start of a further round of a loop, separator included; -1 where the rule is no loop.</param>
/// <param name="Nests">Whether being inside it counts as a level of nesting.</param>
/// <param name="UsedKeys">Names that the rule's keys must not repeat; null where it has no keys.</param>
internal sealed record ProgramRule(string Name, int Start, int NextStart, bool Nests, IReadOnlyList<byte[]>? UsedKeys)
{
    public bool IsLoop => NextStart >= 0;
}
