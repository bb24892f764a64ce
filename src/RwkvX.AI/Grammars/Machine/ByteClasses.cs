using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Machine;

/// <summary>Bytes that no edge of a program tells apart share a class, so that tables of successors are short.</summary>
internal sealed class ByteClasses
{
    private readonly byte[] _classes = new byte[256];

    public ByteClasses(GrammarProgram program)
    {
        var starts = new bool[257];
        foreach (ProgramState state in program.States)
        {
            foreach (Nfa.ByteEdge edge in state.Bytes) starts[edge.Low] = starts[edge.High + 1] = true;
        }

        if (program.HasKeys) Array.Fill(starts, true); // property names are told apart byte by byte
        for (int value = 1; value < 256; value++) _classes[value] = (byte)(_classes[value - 1] + (starts[value] ? 1 : 0));
        Count = _classes[255] + 1;
    }

    public int Count { get; }

    public int Of(byte value) => _classes[value];

    public ReadOnlySpan<byte> Table => _classes;
}
