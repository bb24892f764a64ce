using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>The activations of one block, (R, ·) f32 each. Grows with the blocks that come; a single step needs a few kilobytes.</summary>
internal sealed unsafe class Workspace(RwkvXConfig config, int lowRank) : IDisposable
{
    /// <summary>Logits that are held at once, in floats.</summary>
    private const int LogitsBudget = 1 << 20;

    private NativeBuffer? _buffer;
    private NativeBuffer? _logits;

    /// <summary>Rows that there is room for.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows that the head calculates at once.</summary>
    public int LogitsRows { get; } = Math.Clamp(LogitsBudget / config.VocabSize, 1, 64);

    /// <summary>(R, C) the residual stream.</summary>
    public float* X { get; private set; }

    /// <summary>(R, C) after the norm.</summary>
    public float* Normed { get; private set; }

    /// <summary>(R, C) a sublayer's output, to be added to the residual stream.</summary>
    public float* Delta { get; private set; }

    /// <summary>(6, R, C) mixed with the token before: for r, w, k, v, a, g.</summary>
    public float* Mixed { get; private set; }

    /// <summary>(R, C) receptances or queries.</summary>
    public float* Receptance { get; private set; }

    /// <summary>(R, C)</summary>
    public float* Key { get; private set; }

    /// <summary>(R, C)</summary>
    public float* Value { get; private set; }

    /// <summary>(R, C) the first layer's values.</summary>
    public float* ValueFirst { get; private set; }

    /// <summary>(R, C) decays.</summary>
    public float* Decay { get; private set; }

    /// <summary>(R, C) in-context learning rates, then κ∘a.</summary>
    public float* Rate { get; private set; }

    /// <summary>(R, C) gates.</summary>
    public float* Gate { get; private set; }

    /// <summary>(R, C) the argument of the value's share.</summary>
    public float* ValueShare { get; private set; }

    /// <summary>(4, R, r) the inner rows of the low-rank pairs.</summary>
    public float* LowRank { get; private set; }

    /// <summary>(R, H) Σ r·k·r_k.</summary>
    public float* Bonus { get; private set; }

    /// <summary>(R, 4C) the inner rows of a channel mix.</summary>
    public float* Inner { get; private set; }

    /// <summary>(R, C) −κ. The mixed rows have been read by then.</summary>
    public float* NegKappa => Mixed;

    /// <summary>(R, C) the result of the recurrence or the attention.</summary>
    public float* Output => Mixed + ((nint)Rows * config.EmbeddingSize);

    /// <summary>(<see cref="LogitsRows"/>, V)</summary>
    public float* Logits => _logits!.Data;

    /// <summary>Bytes held.</summary>
    public long Bytes => (_buffer?.Bytes ?? 0) + (_logits?.Bytes ?? 0);

    /// <summary>Makes room; what was there is lost.</summary>
    public void Reserve(int rows, int logitsRows)
    {
        logitsRows = Math.Min(logitsRows, LogitsRows);
        if (logitsRows > 0 && (_logits is null || _logits.Count < (long)logitsRows * config.VocabSize))
        {
            _logits?.Dispose();
            _logits = new NativeBuffer((long)logitsRows * config.VocabSize);
        }

        if (rows > Rows)
        {
            _buffer?.Dispose();
            Rows = rows;
            Divide();
        }
    }

    public void Dispose()
    {
        _buffer?.Dispose();
        _logits?.Dispose();
    }

    private void Divide()
    {
        long width = (long)Rows * config.EmbeddingSize, lowRankSize = Align(4L * Rows * lowRank), bonusSize = Align((long)Rows * config.HeadCount);
        _buffer = new NativeBuffer((21 * width) + lowRankSize + bonusSize);
        float* next = _buffer.Data;
        float* Take(long count)
        {
            float* taken = next;
            next += count;
            return taken;
        }

        X = Take(width);
        Normed = Take(width);
        Delta = Take(width);
        Mixed = Take(6 * width);
        Receptance = Take(width);
        Key = Take(width);
        Value = Take(width);
        ValueFirst = Take(width);
        Decay = Take(width);
        Rate = Take(width);
        Gate = Take(width);
        ValueShare = Take(width);
        Inner = Take(4 * width);
        LowRank = Take(lowRankSize);
        Bonus = Take(bonusSize);
    }

    private static long Align(long count) => (count + 15) / 16 * 16;
}
