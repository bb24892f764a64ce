namespace RwkvX.AI.Testing.Reference;

/// <summary>8-bit floats: a sign, 4 bits of exponent (bias 7), 3 of mantissa; no infinity, 448 the largest.</summary>
public static class E4M3
{
    private const int Largest = 0x7E; // 0x7F is not a number

    /// <summary>The value of a code.</summary>
    public static float Decode(byte code)
    {
        int exponent = code >> 3 & 15, mantissa = code & 7;
        float size = exponent == 0 ? MathF.ScaleB(mantissa, -9) : MathF.ScaleB(8 + mantissa, exponent - 10);
        return code < 0x80 ? size : -size;
    }

    /// <summary>The code of the nearest value; of two that are as near the even one.</summary>
    public static byte Encode(float value)
    {
        double size = Math.Abs((double)value);
        int best = 0;
        for (int code = 1; code <= Largest; code++)
        {
            double now = Math.Abs(Decode((byte)code) - size), before = Math.Abs(Decode((byte)best) - size);
            if (now < before || (now == before && code % 2 == 0))
                best = code;
        }

        return (byte)(best | (float.IsNegative(value) ? 0x80 : 0));
    }
}
