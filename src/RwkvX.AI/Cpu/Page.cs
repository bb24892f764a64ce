using System.Diagnostics.CodeAnalysis;
using RwkvX.AI.Cpu.Kernels;

namespace RwkvX.AI.Cpu;

/// <summary>Up to <see cref="MaxRows"/> keys and values, or chunk means, of every head, shared by the states that have read the same tokens.</summary>
/// <remarks>
/// A page is append-only: rows below <see cref="_claimed"/> belong to some state and never change. A state whose row count equals the
/// claimed count may claim more and append in place; any other first takes a copy of its own rows (<see cref="Copy"/>).
/// Nobody reads rows beyond its own count, so readers need no lock. Growth moves the rows: only inside the model's turn.
/// Layout: head after head, each its keys (or means) in blocks of 16 rows × 64 columns, transposed (<see cref="KeyScores"/>); then its values
/// row by row, or the means' 8-bit codes in blocks likewise and one scale a row (<see cref="MeanCodes"/>).
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The last Release disposes it: a page has many owners.")]
internal sealed unsafe class Page
{
    /// <summary>A mean's 64 codes and its scale.</summary>
    private const int CodedRowFloats = (Wkv.N / sizeof(float)) + 1;

    private readonly int _heads;
    private readonly bool _areMeans;
    private NativeBuffer _buffer;
    private int _claimed;
    private int _references = 1;

    /// <summary>An empty page with room for <paramref name="rows"/> rows at first, referred to once.</summary>
    public Page(int heads, int maxRows, bool areMeans, int rows)
    {
        _heads = heads;
        _areMeans = areMeans;
        MaxRows = maxRows;
        Capacity = RoundUp(Math.Min(rows, maxRows));
        _buffer = new NativeBuffer(heads * HeadStride);
    }

    /// <summary>Rows that the page can grow to.</summary>
    public int MaxRows { get; }

    /// <summary>Rows that there is room for now; a multiple of 16.</summary>
    public int Capacity { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes => _buffer.Bytes;

    private long HeadStride => (long)Capacity * (Wkv.N + (_areMeans ? CodedRowFloats : Wkv.N));

    /// <summary>A head's keys, in blocks of 16 rows.</summary>
    public float* Keys(int head) => _buffer.Data + (head * HeadStride);

    /// <summary>A head's values (Capacity, 64).</summary>
    public float* Values(int head) => Keys(head) + ((long)Capacity * Wkv.N);

    /// <summary>Where element 0 of a row's key is; its other elements follow 16 floats apart.</summary>
    public float* Key(int head, int row) => Keys(head) + KeyScores.Offset(row);

    /// <summary>Where a row's value (64) is.</summary>
    public float* Value(int head, int row) => Values(head) + (row * Wkv.N);

    /// <summary>The 8-bit codes of a head's means, in blocks of 16 rows.</summary>
    public sbyte* Codes(int head) => (sbyte*)Values(head);

    /// <summary>(Capacity) the codes' scales.</summary>
    public float* Scales(int head) => Values(head) + ((long)Capacity * Wkv.N / sizeof(float));

    /// <summary>One more state refers to the page.</summary>
    public Page Share()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>One state fewer; the last one frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _buffer.Dispose();
        }
    }

    /// <summary>Claims rows [<paramref name="from"/>, <paramref name="to"/>) for the caller, whose row count is <paramref name="from"/>.</summary>
    /// <returns>False where another state has claimed row <paramref name="from"/> already.</returns>
    public bool TryClaim(int from, int to)
    {
        if (Volatile.Read(ref _references) == 1)
        {
            _claimed = to; // whoever claimed more is gone
        }
        else if (Interlocked.CompareExchange(ref _claimed, to, from) != from)
        {
            return false;
        }

        if (to > Capacity)
        {
            Grow(RoundUp(Math.Min(Math.Max(2 * Capacity, to), MaxRows)), from);
        }

        return true;
    }

    /// <summary>A page of the caller's own with this one's first <paramref name="rows"/> rows and room for <paramref name="capacity"/>.</summary>
    public Page Copy(int rows, int capacity)
    {
        Page copy = new(_heads, MaxRows, _areMeans, capacity) { _claimed = rows };
        CopyRowsTo(copy, rows);
        return copy;
    }

    private void Grow(int capacity, int rows)
    {
        Page larger = new(_heads, MaxRows, _areMeans, capacity);
        CopyRowsTo(larger, rows);
        _buffer.Dispose();
        _buffer = larger._buffer;
        Capacity = larger.Capacity;
    }

    private void CopyRowsTo(Page other, int rows)
    {
        long blockRows = RoundUp(rows);
        for (int head = 0; head < _heads; head++)
        {
            CopyBytes(Keys(head), other.Keys(head), blockRows * Wkv.N * sizeof(float));
            if (_areMeans)
            {
                CopyBytes(Codes(head), other.Codes(head), blockRows * Wkv.N);
                CopyBytes(Scales(head), other.Scales(head), blockRows * sizeof(float));
            }
            else
            {
                CopyBytes(Values(head), other.Values(head), (long)rows * Wkv.N * sizeof(float));
            }
        }
    }

    private static void CopyBytes(void* source, void* destination, long bytes) => Buffer.MemoryCopy(source, destination, bytes, bytes);

    private static int RoundUp(int rows) => (rows + KeyScores.BlockRows - 1) / KeyScores.BlockRows * KeyScores.BlockRows;
}
