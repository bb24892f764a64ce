using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>sums[row] = Σ_d u[row, d]·p[d]: the 4-bit codes of 16 chunk means against a query in 8 bits, in whole numbers.</summary>
/// <remarks>
/// Codes u are 0…15, p is −127…127. A block holds, for every four dimensions 4j…4j+3, 32 bytes: of each row one byte with u[4j] below and
/// u[4j+2] above, and one with u[4j+1] and u[4j+3], so that the byte products of two neighbours belong to one row. The query is spread the
/// same way (<see cref="Spread"/>). Whole numbers: every form gives the same sums.
/// </remarks>
internal static unsafe class CoarseScores
{
    /// <summary>Bytes of a spread query.</summary>
    public const int QueryBytes = 2 * Half;

    private const int N = Wkv.N;
    private const int Group = 32;     // bytes of four dimensions of 16 rows
    private const int Groups = N / 4;
    private const int Half = Groups * Group;

    /// <summary>Spreads a query over the places of the codes: first for the lower halves of their bytes, then for the upper ones.</summary>
    /// <param name="p">(64)</param>
    /// <param name="spread">(<see cref="QueryBytes"/>)</param>
    public static void Spread(ReadOnlySpan<sbyte> p, sbyte* spread)
    {
        for (int j = 0; j < Groups; j++)
        {
            new Span<short>(spread + (j * Group), Group / 2).Fill(Pair(p[4 * j], p[(4 * j) + 1]));
            new Span<short>(spread + Half + (j * Group), Group / 2).Fill(Pair(p[(4 * j) + 2], p[(4 * j) + 3]));
        }
    }

    /// <summary>Writes a row's codes into its block.</summary>
    /// <param name="u">(64) 0…15.</param>
    /// <param name="block">The block.</param>
    /// <param name="row">0…15.</param>
    public static void Write(ReadOnlySpan<byte> u, byte* block, int row)
    {
        for (int j = 0; j < Groups; j++)
        {
            byte* at = block + (j * Group) + (2 * row);
            at[0] = (byte)(u[4 * j] | (u[(4 * j) + 2] << 4));
            at[1] = (byte)(u[(4 * j) + 1] | (u[(4 * j) + 3] << 4));
        }
    }

    /// <summary>The sums of one block.</summary>
    /// <param name="block">(<see cref="CoarseBlock.CodeBytes"/>) codes.</param>
    /// <param name="spread">The query.</param>
    /// <param name="sums">(16) output, whole numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(byte* block, sbyte* spread, float* sums)
    {
        if (Avx512BW.IsSupported)
        {
            Run512(block, spread, sums);
        }
        else if (Avx2.IsSupported)
        {
            Run256(block, spread, sums);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Run128(block, spread, sums);
        }
        else
        {
            RunScalar(block, spread, sums);
        }
    }

    /// <summary>Two groups of dimensions at a time, one in each half.</summary>
    internal static void Run512(byte* block, sbyte* spread, float* sums)
    {
        Vector512<byte> mask = Vector512.Create((byte)15);
        Vector512<int> lower = default, upper = default;
        for (byte* end = block + CoarseBlock.CodeBytes; block < end; block += 8 * Group, spread += 8 * Group) // a lane takes 8 pairs: 8·2·15·127 fits into 16 bits
        {
            Vector512<short> a = Products512(block, spread, mask) + Products512(block + (2 * Group), spread + (2 * Group), mask);
            Vector512<short> b = Products512(block + (4 * Group), spread + (4 * Group), mask) + Products512(block + (6 * Group), spread + (6 * Group), mask);
            a += b;
            lower += Vector512.WidenLower(a); // the 16 rows, of the first group of each two
            upper += Vector512.WidenUpper(a);
        }

        Vector512.ConvertToSingle(lower + upper).Store(sums);
    }

    internal static void Run256(byte* block, sbyte* spread, float* sums)
    {
        Vector256<byte> mask = Vector256.Create((byte)15);
        Vector256<int> lower = default, upper = default;
        for (byte* end = block + CoarseBlock.CodeBytes; block < end; block += 4 * Group, spread += 4 * Group)
        {
            Vector256<short> a = Products256(block, spread, mask) + Products256(block + Group, spread + Group, mask);
            Vector256<short> b = Products256(block + (2 * Group), spread + (2 * Group), mask) + Products256(block + (3 * Group), spread + (3 * Group), mask);
            a += b;
            lower += Vector256.WidenLower(a);
            upper += Vector256.WidenUpper(a);
        }

        Vector256.ConvertToSingle(lower).Store(sums);
        Vector256.ConvertToSingle(upper).Store(sums + 8);
    }

    internal static void Run128(byte* block, sbyte* spread, float* sums)
    {
        for (int half = 0; half < Group; half += 16) // rows 0-7, rows 8-15
        {
            Vector128<int> lower = default, upper = default;
            for (int j = 0; j < Groups; j += 4)
            {
                Vector128<short> a = default;
                for (int i = (j * Group) + half; i < (j + 4) * Group; i += Group)
                {
                    Vector128<ushort> codes = Vector128.Load(block + i).AsUInt16();
                    a += Pairs(codes & Vector128.Create((ushort)0x0f0f), spread + i) + Pairs((codes >>> 4) & Vector128.Create((ushort)0x0f0f), spread + Half + i);
                }

                lower += Vector128.WidenLower(a);
                upper += Vector128.WidenUpper(a);
            }

            Vector128.ConvertToSingle(lower).Store(sums + (half / 2));
            Vector128.ConvertToSingle(upper).Store(sums + (half / 2) + 4);
        }
    }

    internal static void RunScalar(byte* block, sbyte* spread, float* sums)
    {
        for (int row = 0; row < KeyScores.BlockRows; row++)
        {
            int sum = 0;
            for (int i = 2 * row; i < Half; i += Group)
            {
                sum += ((block[i] & 15) * spread[i]) + ((block[i] >> 4) * spread[Half + i]);
                sum += ((block[i + 1] & 15) * spread[i + 1]) + ((block[i + 1] >> 4) * spread[Half + i + 1]);
            }

            sums[row] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Products512(byte* codes, sbyte* p, Vector512<byte> mask)
    {
        Vector512<byte> both = Vector512.Load(codes);
        return Avx512BW.MultiplyAddAdjacent(both & mask, Vector512.Load(p))
            + Avx512BW.MultiplyAddAdjacent((both.AsUInt16() >>> 4).AsByte() & mask, Vector512.Load(p + Half));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Products256(byte* codes, sbyte* p, Vector256<byte> mask)
    {
        Vector256<byte> both = Vector256.Load(codes);
        return Avx2.MultiplyAddAdjacent(both & mask, Vector256.Load(p))
            + Avx2.MultiplyAddAdjacent((both.AsUInt16() >>> 4).AsByte() & mask, Vector256.Load(p + Half));
    }

    /// <summary>Products of bytes, added two by two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<ushort> codes, sbyte* p)
    {
        if (Ssse3.IsSupported)
        {
            return Ssse3.MultiplyAddAdjacent(codes.AsByte(), Vector128.Load(p));
        }

        Vector128<short> pairs = Vector128.Load(p).AsInt16();
        return ((codes & Vector128.Create((ushort)255)).AsInt16() * ((pairs << 8) >> 8)) + ((codes >>> 8).AsInt16() * (pairs >> 8));
    }

    private static short Pair(sbyte first, sbyte second) => (short)((byte)first | (second << 8));
}
