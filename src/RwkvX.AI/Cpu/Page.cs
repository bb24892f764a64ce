using System.Diagnostics.CodeAnalysis;
using RwkvX.AI.Cpu.Kernels;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>Up to <see cref="MaxRows"/> keys and values, or chunk means, of every head, shared by the states that have read the same tokens.</summary>
/// <remarks>
/// A page is append-only: rows below <see cref="_claimed"/> belong to some state and never change. A state whose row count equals the
/// claimed count may claim more and append in place; any other first takes a copy of its own rows (<see cref="Copy"/>).
/// Nobody reads rows beyond its own count, so readers need no lock. Growth moves the rows: only inside the model's turn.
/// Layout: head after head, each its keys (or means) in blocks of 16 rows × 64 columns, transposed (<see cref="KeyScores"/>); then its values
/// row by row, or the means' codes for the search among them (<see cref="MeanCodes"/>).
/// A full page of keys and values lies in memory, in the page file, or still in the snapshot that it comes from. Passes look at it through
/// <see cref="Use"/>; it moves between passes alone (<see cref="PagePool"/>), and whoever reads it outside of one takes its lock.
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The last Release disposes it: a page has many owners.")]
internal sealed unsafe class Page
{
    /// <summary>A mean's share of a block of 4-bit codes, and its 16-bit codes.</summary>
    private const int CodedRowFloats = CoarseFloats + FineFloats;

    private const int CoarseFloats = CoarseBlock.Bytes / KeyScores.BlockRows / sizeof(float);
    private const int FineFloats = Wkv.N * sizeof(short) / sizeof(float);

    /// <summary>The center of a head's means, and three norms.</summary>
    private const int HeadFloats = Wkv.N + 16;

    private readonly PagePool _pool;
    private readonly Lock _moving = new();
    private readonly int _heads;
    private readonly bool _areMeans;
    private NativeBuffer? _buffer;
    private SpillSlot? _slot;     // stays when the page comes back: it never changes, so it need not be written again
    private PageSource? _source;
    private nint _data;           // where the kernels read it; 0 while it lies in a snapshot
    private int _claimed;
    private bool _sealed;
    private int _references = 1;
    private long _lastPass;       // the pass that noted its use
    private long _lastUse;        // likewise, as the pool has seen it

    /// <summary>An empty page with room for <paramref name="rows"/> rows at first, referred to once.</summary>
    public Page(PagePool pool, int heads, int maxRows, bool areMeans, int rows)
        : this(pool, heads, maxRows, areMeans)
    {
        Capacity = RoundUp(Math.Min(rows, maxRows));
        SetBuffer(pool.Take(heads * HeadStride, full: Capacity == RoundUp(maxRows)));
    }

    /// <summary>A full page that lies in a snapshot, referred to once.</summary>
    public Page(PagePool pool, int heads, int maxRows, PageSource source)
        : this(pool, heads, maxRows, areMeans: false)
    {
        Capacity = RoundUp(maxRows);
        _claimed = maxRows;
        _sealed = true;
        _source = source;
    }

    private Page(PagePool pool, int heads, int maxRows, bool areMeans)
    {
        _pool = pool;
        _heads = heads;
        _areMeans = areMeans;
        MaxRows = maxRows;
        Place = new LinkedListNode<Page>(this);
    }

    /// <summary>Rows that the page can grow to.</summary>
    public int MaxRows { get; }

    /// <summary>Rows that there is room for now; a multiple of 16.</summary>
    public int Capacity { get; private set; }

    /// <summary>Bytes of the page, wherever it lies.</summary>
    public long Bytes => _heads * HeadStride * sizeof(float);

    /// <summary>Bytes of a full page of keys and values.</summary>
    public static long BytesOf(int heads, int rows) => (long)heads * RoundUp(rows) * 2 * Wkv.N * sizeof(float);

    /// <summary>Where it lies.</summary>
    public PageLocation Location => _buffer is not null ? PageLocation.Memory : _slot is not null ? PageLocation.Disk : PageLocation.Store;

    /// <summary>Its place among the pool's full pages in memory; the pool's alone.</summary>
    public LinkedListNode<Page> Place { get; }

    /// <summary>Passes that used it, each soon after the one before; the pool's alone.</summary>
    public int UsesInARow { get; private set; }

    private long HeadStride => _areMeans ? ((long)Capacity * (Wkv.N + CodedRowFloats)) + HeadFloats : (long)Capacity * 2 * Wkv.N;

    private float* Data => (float*)_data;

    /// <summary>A head's keys, in blocks of 16 rows.</summary>
    public float* Keys(int head) => Data + (head * HeadStride);

    /// <summary>A head's values (Capacity, 64).</summary>
    public float* Values(int head) => Keys(head) + ((long)Capacity * Wkv.N);

    /// <summary>Where element 0 of a row's key is; its other elements follow 16 floats apart.</summary>
    public float* Key(int head, int row) => Keys(head) + KeyScores.Offset(row);

    /// <summary>Where a row's value (64) is.</summary>
    public float* Value(int head, int row) => Values(head) + (row * Wkv.N);

    /// <summary>The 4-bit codes of a head's means, in blocks of 16 rows.</summary>
    public CoarseBlock* Coarse(int head) => (CoarseBlock*)Values(head);

    /// <summary>(Capacity, 64) the 16-bit codes.</summary>
    public short* Fine(int head) => (short*)(Values(head) + ((long)Capacity * CoarseFloats));

    /// <summary>(64) what is taken off a head's means before they are coded.</summary>
    public float* Center(int head) => Values(head) + ((long)Capacity * CodedRowFloats);

    /// <summary>(3) the largest norm of a mean and of its 4-bit form so far, and the center's.</summary>
    public float* Norms(int head) => Center(head) + Wkv.N;

    /// <summary>Makes the page readable for the rest of this pass and notes that it was used.</summary>
    public Page Use(PageVisits visits)
    {
        if (_lastPass != visits.Pass)
        {
            _lastPass = visits.Pass;
            visits.Note(this);
        }

        if (Volatile.Read(ref _data) == 0)
        {
            BringIn();
        }

        return this;
    }

    /// <summary>One more state refers to the page.</summary>
    public Page Share()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>One reference more, unless the last one is gone.</summary>
    public bool TryShare()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int before = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>One state fewer; the last one frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
        {
            return;
        }

        _pool.Remove(this);
        if (_buffer is not null)
        {
            _pool.Give(_buffer);
        }

        if (_slot is not null)
        {
            _pool.Free(_slot, Bytes);
        }

        _source?.Release();
    }

    /// <summary>Claims rows [<paramref name="from"/>, <paramref name="to"/>) for the caller, whose row count is <paramref name="from"/>.</summary>
    /// <returns>False where another state has claimed row <paramref name="from"/> already.</returns>
    public bool TryClaim(int from, int to)
    {
        if (_sealed)
        {
            return false; // it may lie on disk
        }

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
        Page copy = new(_pool, _heads, MaxRows, _areMeans, capacity) { _claimed = rows };
        CopyRowsTo(copy, rows);
        return copy;
    }

    /// <summary>All rows are written: keys and values may move from now on.</summary>
    public void Seal()
    {
        _sealed = true;
        if (!_areMeans)
        {
            _pool.Add(this);
        }
    }

    /// <summary>Moves the page from memory to the page file.</summary>
    /// <exception cref="IOException">The disk is full or does not work; the page is where it was.</exception>
    public void MoveDown()
    {
        lock (_moving)
        {
            if (_buffer is not { } buffer)
            {
                return;
            }

            try
            {
                _slot ??= _pool.Spill(new ReadOnlySpan<byte>(buffer.Data, checked((int)buffer.Bytes)));
            }
            catch
            {
                _pool.Add(this);
                throw;
            }

            _data = (nint)_slot.Data;
            _buffer = null;
            UsesInARow = 0;
            _pool.Give(buffer);
        }
    }

    /// <summary>Copies the page from the page file into memory.</summary>
    /// <returns>False where it is there.</returns>
    public bool ComeBack()
    {
        lock (_moving)
        {
            if (_buffer is not null || _slot is null)
            {
                return false;
            }

            NativeBuffer buffer = _pool.Take(_heads * HeadStride, full: true);
            Buffer.MemoryCopy(_slot.Data, buffer.Data, buffer.Bytes, buffer.Bytes);
            SetBuffer(buffer);
            _pool.Add(this);
            return true;
        }
    }

    /// <summary>The pool takes note of a pass that used the page.</summary>
    /// <returns>False where it has already.</returns>
    public bool NoteUse(long pass, int near)
    {
        if (pass == _lastUse)
        {
            return false;
        }

        UsesInARow = pass - _lastUse > near ? 1 : UsesInARow + 1;
        _lastUse = pass;
        return true;
    }

    /// <summary>A full page's keys or values as snapshots have them, for readers outside of a pass.</summary>
    public byte[] ToPlain(bool values)
    {
        ObjectDisposedException.ThrowIf(!TryShare(), typeof(StateSnapshot));
        try
        {
            lock (_moving)
            {
                if (_data == 0)
                {
                    return _source!.ToPlain(values);
                }

                return values ? PlainRows.PlainValues(Data, _heads, Capacity, MaxRows) : PlainRows.PlainKeys(Data, _heads, Capacity, MaxRows);
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Lays out the page of a snapshot: in memory, or where that is full in the page file.</summary>
    private void BringIn()
    {
        lock (_moving)
        {
            if (_data != 0)
            {
                return;
            }

            long floats = _heads * HeadStride;
            if (_pool.TryTake(floats) is { } buffer)
            {
                LayOut(buffer);
                SetBuffer(buffer);
                _pool.Add(this);
            }
            else
            {
                using NativeBuffer passing = new(floats);
                _source!.LayOut(passing.Data, _heads, Capacity);
                _slot = _pool.Spill(new ReadOnlySpan<byte>(passing.Data, checked((int)passing.Bytes)));
                Volatile.Write(ref _data, (nint)_slot.Data);
            }

            PageMeter.BroughtIn();
            _source!.Release();
            _source = null;
        }
    }

    private void LayOut(NativeBuffer buffer)
    {
        try
        {
            _source!.LayOut(buffer.Data, _heads, Capacity);
        }
        catch
        {
            _pool.Give(buffer);
            throw;
        }
    }

    private void SetBuffer(NativeBuffer buffer)
    {
        _buffer = buffer;
        Volatile.Write(ref _data, (nint)buffer.Data);
    }

    private void Grow(int capacity, int rows)
    {
        Page larger = new(_pool, _heads, MaxRows, _areMeans, capacity);
        CopyRowsTo(larger, rows);
        _pool.Give(_buffer!);
        Capacity = larger.Capacity;
        SetBuffer(larger._buffer!);
    }

    private void CopyRowsTo(Page other, int rows)
    {
        long blockRows = RoundUp(rows);
        for (int head = 0; head < _heads; head++)
        {
            CopyBytes(Keys(head), other.Keys(head), blockRows * Wkv.N * sizeof(float));
            if (_areMeans)
            {
                CopyBytes(Coarse(head), other.Coarse(head), blockRows / KeyScores.BlockRows * CoarseBlock.Bytes);
                CopyBytes(Fine(head), other.Fine(head), blockRows * Wkv.N * sizeof(short));
                CopyBytes(Center(head), other.Center(head), HeadFloats * sizeof(float));
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
