namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>Changes what passes through it now and then, so that the writers of test files make wrong ones that still look right.</summary>
/// <param name="random">Decides; null changes nothing.</param>
/// <param name="rate">The chance that a value is changed.</param>
internal sealed class Mutator(Random? random, double rate)
{
    private static readonly long[] Numbers =
        [0, 1, -1, 2, 3, 7, 127, 128, 255, 256, 4095, 65535, 65536, int.MaxValue, int.MaxValue + 1L, uint.MaxValue, uint.MaxValue + 1L, 1L << 40, 1L << 61, 1L << 62, long.MaxValue, long.MinValue];

    private static readonly string[] Texts =
        ["", "a", "__metadata__", "F64", "I8", "BF16", "\u0000", "\ud800", "x_scale", "../../x", "model/data.pkl", "os", "system", "builtins", "eval", "torch", "DoubleStorage", "FloatStorage", "_rebuild_tensor_v2", "storage", new('n', 5000)];

    /// <summary>Changes nothing.</summary>
    public static Mutator None { get; } = new(null, 0);

    public bool Chance() => random is not null && random.NextDouble() < rate;

    public int Below(int bound) => random?.Next(bound) ?? 0;

    public long Number(long value)
    {
        if (!Chance())
            return value;
        return random!.Next(4) switch
        {
            0 => value + random.Next(-4, 5),
            1 => unchecked(value * random.Next(-2, 5)),
            2 => random.Next(64),
            _ => Numbers[random.Next(Numbers.Length)],
        };
    }

    public string Text(string value) => Chance() ? Texts[random!.Next(Texts.Length)] : value;

    /// <summary>Damages a file without regard to its form: bits, bytes, numbers, pieces left out, doubled or moved, the end cut off.</summary>
    public static byte[] Damage(byte[] file, Random random)
    {
        byte[] damaged = [.. file];
        for (int changes = 1 << random.Next(4); changes > 0 && damaged.Length > 16; changes--)
        {
            int at = random.Next(damaged.Length), length = Math.Min(random.Next(1, 64), damaged.Length - at);
            switch (random.Next(9))
            {
                case 0: damaged[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: damaged[at] = (byte)random.Next(256); break;
                case 2: damaged.AsSpan(at, length).Fill(random.Next(2) == 0 ? (byte)0 : (byte)255); break;
                case 3: random.NextBytes(damaged.AsSpan(at, length)); break;
                case 4: BitConverter.GetBytes(Numbers[random.Next(Numbers.Length)]).AsSpan(0, Math.Min(8, length)).CopyTo(damaged.AsSpan(at)); break;
                case 5: damaged = [.. damaged[..at], .. damaged[(at + length)..]]; break;
                case 6: damaged = [.. damaged[..(at + length)], .. damaged[at..]]; break;
                case 7: damaged.AsSpan(at, length).CopyTo(damaged.AsSpan(random.Next(damaged.Length - length + 1))); break;
                default: damaged = random.Next(4) == 0 ? damaged[..at] : damaged; break;
            }
        }
        return damaged;
    }
}
