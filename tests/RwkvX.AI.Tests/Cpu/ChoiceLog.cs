using System.Collections.Concurrent;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>The chunks that a run chose, to be compared with or imposed on another.</summary>
internal sealed class ChoiceLog
{
    private readonly ConcurrentDictionary<(int Layer, long Position, int Head), int[]> _choices = new();

    public int Count => _choices.Count;

    public int[] this[int layer, long position, int head] => _choices[(layer, position, head)];

    public void Record(int layer, long position, int head, Span<int> chunks) => _choices[(layer, position, head)] = chunks.ToArray();

    public void Impose(int layer, long position, int head, Span<int> chunks) => _choices[(layer, position, head)].CopyTo(chunks);

    public int Differences(ChoiceLog other) => Math.Abs(Count - other.Count) + _choices.Count(pair => !pair.Value.SequenceEqual(other._choices[pair.Key]));
}
