using System.Text;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>Pickle opcodes as bytes, every operand through a mutator, with now and then a hostile piece between them.</summary>
internal sealed class PickleImage(Mutator m)
{
    private readonly List<byte> _bytes = [];
    private int _memo;

    public byte[] ToArray() => [.. _bytes];

    public PickleImage Op(char code) => Op((byte)code);

    public PickleImage Op(byte code)
    {
        if (m.Chance())
            Hostile();
        if (m.Chance())
            return this; // left out
        _bytes.Add(m.Chance() ? (byte)m.Below(256) : code);
        return this;
    }

    public PickleImage Integer(long value)
    {
        value = m.Number(value);
        if (value is >= 0 and < 256)
            return Raw([(byte)'K', (byte)value]);
        if (value is >= 0 and < 65536)
            return Raw([(byte)'M', .. BitConverter.GetBytes((ushort)value)]);
        return value == (int)value ? Raw([(byte)'J', .. BitConverter.GetBytes((int)value)]) : Raw([0x8A, (byte)m.Number(8), .. BitConverter.GetBytes(value)]);
    }

    public PickleImage Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(m.Text(text));
        return Raw([(byte)'X', .. BitConverter.GetBytes((int)m.Number(utf8.Length)), .. utf8]);
    }

    public PickleImage Global(string module, string name) => Raw(Encoding.UTF8.GetBytes($"c{m.Text(module)}\n{m.Text(name)}\n"));

    public PickleImage Put() => Raw([(byte)'r', .. BitConverter.GetBytes((uint)m.Number(_memo++))]);

    /// <summary>A tuple of integers.</summary>
    public PickleImage Integers(IEnumerable<long> values)
    {
        Op('(');
        foreach (long value in values)
            Integer(value);
        return Op('t');
    }

    /// <summary>A tensor over a storage, as torch writes it.</summary>
    public PickleImage Tensor(string storageType, string key, long count, long offset, long[] sizes, long[] strides)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Put().Op('(');
        Op('(').Text("storage").Global("torch", storageType).Text(key).Text("cpu").Integer(count).Op('t').Put().Op('Q');
        Integer(offset).Integers(sizes).Integers(strides).Op(0x89);
        return Global("collections", "OrderedDict").Op(')').Op('R').Put().Op('t').Op('R').Put();
    }

    private PickleImage Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    private void Hostile()
    {
        int count = 1 << m.Below(10);
        byte[] piece = m.Below(12) switch
        {
            0 => "cos\nsystem\n(X\u0004\0\0\0truetR"u8.ToArray(),
            1 => Repeat((byte)'}', count),
            2 => Repeat(0x85, count), // a tuple in a tuple in a tuple
            3 => Repeat((byte)'(', count),
            4 => [.. Repeat((byte)'(', 1), .. Repeat((byte)')', count), (byte)'t'],
            5 => [(byte)'h', (byte)m.Below(40)],
            6 => [(byte)'j', .. BitConverter.GetBytes((uint)m.Number(m.Below(40)))],
            7 => [(byte)'r', .. BitConverter.GetBytes(uint.MaxValue)],
            8 => [(byte)'X', .. BitConverter.GetBytes(int.MaxValue)],
            9 => [0x8D, .. BitConverter.GetBytes(long.MaxValue)], // BINUNICODE8
            10 => "ctorch\nFloatStorage\nQ"u8.ToArray(),
            _ => [0x95, .. BitConverter.GetBytes(long.MaxValue)], // FRAME
        };
        _bytes.AddRange(piece);
    }

    private static byte[] Repeat(byte code, int count)
    {
        byte[] codes = new byte[count];
        codes.AsSpan().Fill(code);
        return codes;
    }
}
