using System.Runtime.CompilerServices;

namespace RwkvX.AI.Grammars.Automata;

/// <summary>A set of byte values, as 256 bits.</summary>
internal struct ByteSet
{
    private Words _words;

    public readonly bool Contains(byte value) => (_words[value >> 6] >> (value & 63) & 1) != 0;

    public void Add(byte low, byte high)
    {
        for (int value = low; value <= high; value++) _words[value >> 6] |= 1UL << (value & 63);
    }

    /// <summary>Adds all of another set; says whether anything was new.</summary>
    public bool UnionWith(in ByteSet other)
    {
        bool changed = false;
        for (int i = 0; i < 4; i++)
        {
            ulong union = _words[i] | other._words[i];
            changed |= union != _words[i];
            _words[i] = union;
        }

        return changed;
    }

    [InlineArray(4)]
    private struct Words
    {
        private ulong _first;
    }
}
