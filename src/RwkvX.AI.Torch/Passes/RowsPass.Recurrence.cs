namespace RwkvX.AI.Torch.Passes;

// The recurrence of rows whose operands are there: row by row, or by chunks of rows at once. See docs/kernels/cuda-wkv.md.
internal sealed partial class RowsPass
{
    private const int Chunk = 64; // rows

    // Below, three launches take longer than the rows one by one.
    private const int LeastDividedRows = 256;

    /// <summary>Whether the longest sequence is best divided: the others and the heads alone do not fill the device.</summary>
    private bool DividesRecurrence()
    {
        if (!_shape.DividesRecurrence || _sequences > RowsBuffers.MaxDividedSequences)
            return false;
        int longest = LongestIn(0, _rows);
        return _divideAlways || (longest >= LeastDividedRows && (long)_rows * _shape.H <= (long)longest * ModelShape.MostDividedHeads);
    }

    /// <summary>The most rows of one sequence among these.</summary>
    private int LongestIn(int begin, int end)
    {
        int longest = 0;
        for (int s = 0; s < _sequences; s++)
            longest = Math.Max(longest, Math.Min(Starts[s + 1], end) - Math.Max(Starts[s], begin));
        return longest;
    }

    private void Recur(long state, int begin, int end)
    {
        RowsWkvScanArgs scan = new()
        {
            Records = _at[_at.Records],
            Ahead = _at[_at.Ahead],
            Starts = _at[_at.Starts],
            States = _at[_at.States],
            StateOffset = state,
            Y = _at[_at.Y],
            Begin = begin,
            End = end,
        };
        _kernels[_single ? "wkv_single" : "rows_wkv_scan"].Launch(_stream, scan, _single ? 1 : 8, _shape.H, _sequences);
    }

    private void RecurByChunks(long state, int begin, int end)
    {
        int chunks = (LongestIn(begin, end) + Chunk - 1) / Chunk;
        RowsWkvChunksArgs all = new()
        {
            Records = _at[_at.Records],
            Starts = _at[_at.Starts],
            M = _at[_at.Matrices[0]],
            G = _at[_at.Matrices[1]],
            Q = _at[_at.Matrices[2]],
            Y = _at[_at.Y],
            Begin = begin,
            End = end,
        };
        RowsWkvStatesArgs states = new()
        {
            M = all.M,
            G = all.G,
            S = _at[_at.Matrices[3]],
            Starts = all.Starts,
            States = _at[_at.States],
            StateOffset = state,
            Begin = begin,
            End = end,
        };
        RowsWkvOutputsArgs outputs = new() { Q = all.Q, S = states.S, Y = all.Y, Starts = all.Starts, Begin = begin, End = end };
        _kernels["rows_wkv_chunks"].Launch(_stream, all, chunks, _shape.H, _sequences);
        _kernels["rows_wkv_states"].Launch(_stream, states, 16, _shape.H, _sequences);
        _kernels["rows_wkv_outputs"].Launch(_stream, outputs, chunks, _shape.H, _sequences);
    }
}
