namespace RwkvX.AI.Grammars.Automata;

/// <summary>Equality by content, for sets of states as keys.</summary>
internal sealed class IntArrayComparer : IEqualityComparer<int[]>
{
    public static IntArrayComparer Instance { get; } = new();

    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(int[] obj)
    {
        uint hash = 2166136261; // FNV-1a, a word at a time
        foreach (int value in obj) hash = (hash ^ (uint)value) * 16777619;
        return (int)hash;
    }
}
