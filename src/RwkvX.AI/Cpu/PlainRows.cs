using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu.Kernels;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>Keys and values between the plain layout of snapshots, (rows, C) with the heads side by side, and a page's own (<see cref="Page"/>).</summary>
internal static unsafe class PlainRows
{
    private const int N = Wkv.N;

    /// <summary>Lays a snapshot's page out for the kernels.</summary>
    /// <param name="plain">The page.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="page">Output: the keys of the first head.</param>
    /// <param name="heads">H.</param>
    /// <param name="capacity">Rows that the page has room for.</param>
    public static void LayOut(PageSnapshot plain, TensorType type, float* page, int heads, int capacity)
    {
        int C = heads * N;
        float[] widened = new float[plain.RowCount * C];
        ElementConversion.Widen(plain.Keys.Span, type, widened);
        for (int head = 0; head < heads; head++)
        {
            for (int row = 0; row < plain.RowCount; row++)
            {
                ScatterKey(widened.AsSpan((row * C) + (head * N), N), Keys(page, head, capacity) + KeyScores.Offset(row));
            }
        }

        ElementConversion.Widen(plain.Values.Span, type, widened);
        for (int head = 0; head < heads; head++)
        {
            for (int row = 0; row < plain.RowCount; row++)
            {
                widened.AsSpan((row * C) + (head * N), N).CopyTo(new Span<float>(Values(page, head, capacity) + (row * N), N));
            }
        }
    }

    /// <summary>A page's keys as snapshots have them.</summary>
    public static byte[] PlainKeys(float* page, int heads, int capacity, int rows)
    {
        byte[] plain = new byte[rows * heads * N * sizeof(float)];
        Span<float> floats = MemoryMarshal.Cast<byte, float>(plain.AsSpan());
        for (int head = 0; head < heads; head++)
        {
            for (int row = 0; row < rows; row++)
            {
                GatherKey(Keys(page, head, capacity) + KeyScores.Offset(row), floats.Slice(((row * heads) + head) * N, N));
            }
        }

        return plain;
    }

    /// <summary>A page's values as snapshots have them.</summary>
    public static byte[] PlainValues(float* page, int heads, int capacity, int rows)
    {
        byte[] plain = new byte[rows * heads * N * sizeof(float)];
        Span<float> floats = MemoryMarshal.Cast<byte, float>(plain.AsSpan());
        for (int head = 0; head < heads; head++)
        {
            for (int row = 0; row < rows; row++)
            {
                new ReadOnlySpan<float>(Values(page, head, capacity) + (row * N), N).CopyTo(floats.Slice(((row * heads) + head) * N, N));
            }
        }

        return plain;
    }

    /// <summary>Writes a key (64) into its block.</summary>
    public static void ScatterKey(ReadOnlySpan<float> row, float* key)
    {
        for (int d = 0; d < N; d++)
        {
            key[d * KeyScores.BlockRows] = row[d];
        }
    }

    /// <summary>Reads a key (64) from its block.</summary>
    public static void GatherKey(float* key, Span<float> row)
    {
        for (int d = 0; d < N; d++)
        {
            row[d] = key[d * KeyScores.BlockRows];
        }
    }

    private static float* Keys(float* page, int head, int capacity) => page + (2L * head * capacity * N);

    private static float* Values(float* page, int head, int capacity) => Keys(page, head, capacity) + ((long)capacity * N);
}
