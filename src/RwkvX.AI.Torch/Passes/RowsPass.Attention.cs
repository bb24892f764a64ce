using RwkvX.AI.Torch.Weights;

namespace RwkvX.AI.Torch.Passes;

// The sparse-attention layers.
internal sealed partial class RowsPass
{
    private void SparseAttention(SparseLayerWeights w, int layer)
    {
        int t = _rows, c = _shape.C;
        Norm(w.Norm, -1, [0]);
        ulong mixed = _at[_at.Mixes[0]], qkv = _at[_at.Records], output = _at[_at.Mixed];
        _blas.MultiplyWide(mixed, _large.Widen(w.Qkv, 3 * c, c), qkv, t, 3 * c, c, 3 * c);
        if (_single)
            AttendSingle(layer, qkv, output);
        else
            AttendRows(layer, qkv, output);
        _blas.Accumulate(output, _large.Widen(w.Output, c, c), _at[_at.X], t, c, c);
    }

    /// <summary>One row a sequence: the kernels of decoding, whose work does not depend on the length of the past.</summary>
    private void AttendSingle(int layer, ulong qkv, ulong output)
    {
        int c = _shape.C;
        ulong plane = (ulong)c * sizeof(float);
        StepChooseArgs choose = new()
        {
            Q = qkv,
            K = qkv + plane,
            V = qkv + 2 * plane,
            Stride = 3 * c,
            States = _at[_at.States],
            SumOffset = _shape.SparseOffset(layer) + c,
            Tables = _at[_at.Tables],
            Positions = _at[_at.Positions],
            Layer = layer,
            Chosen = _at[_at.Chosen],
        };
        _kernels["step_choose"].Launch(_stream, choose, _shape.H, _rows);
        StepAttendArgs attend = new()
        {
            Q = qkv,
            Stride = 3 * c,
            Tables = _at[_at.Tables],
            Positions = _at[_at.Positions],
            Chosen = _at[_at.Chosen],
            Layer = layer,
            Partials = _at[_at.AttentionPartials],
            Arrivals = _at[_at.AttentionArrivals],
            Narrowed = output,
        };
        _kernels["step_attend"].Launch(_stream, attend, _shape.Config.MobaTopK * _shape.PagesPerChunk, _shape.H, _rows);
    }

    private void AttendRows(int layer, ulong qkv, ulong output)
    {
        int t = _rows;
        (ulong segments, ulong starts, ulong tables, ulong positions) = (_at[_at.Segments], _at[_at.Starts], _at[_at.Tables], _at[_at.Positions]);
        int headBlocks = (_shape.H + 7) / 8;
        RowsPagesArgs pages = new() { Qkv = qkv, Segments = segments, Starts = starts, Tables = tables, Positions = positions, Layer = layer };
        _kernels["rows_pages"].Launch(_stream, pages, _rows);
        RowsMeansArgs means = new()
        {
            Starts = starts,
            Tables = tables,
            Positions = positions,
            States = _at[_at.States],
            SumOffset = _shape.SparseOffset(layer) + _shape.C,
            Layer = layer,
        };
        _kernels["rows_means"].Launch(_stream, means, _shape.H, _sequences);
        if (_shape.Config.MobaTopK > 1)
        {
            RowsChooseArgs choose = new()
            {
                Qkv = qkv,
                Segments = segments,
                Starts = starts,
                Tables = tables,
                Positions = positions,
                Layer = layer,
                Chosen = _at[_at.Chosen],
                Rows = t,
            };
            _kernels["rows_choose"].Launch(_stream, choose, (t + 127) / 128, _shape.H);
        }
        if (_tiles > 0)
        {
            RowsAttendTilesArgs tiles = new()
            {
                Qkv = qkv,
                Segments = segments,
                Starts = starts,
                Tables = tables,
                Positions = positions,
                Chosen = _at[_at.Chosen],
                Tiles = _at[_at.Tiles],
                Layer = layer,
                Out = output,
            };
            int chunks = (Positions[0] + t - 1) / _shape.Config.MobaChunkSize, past = _shape.Config.MobaTopK - 1;
            if (_gather && _sequences == 1 && chunks > past && chunks <= RowsBuffers.MaxListedChunks)
                AttendGathered(tiles, chunks, past);
            else
                _kernels["rows_attend_tiles"].Launch(_stream, tiles, _tiles, _shape.H);
            return;
        }
        RowsAttendArgs attend = new()
        {
            Qkv = qkv,
            Segments = segments,
            Starts = starts,
            Tables = tables,
            Positions = positions,
            Chosen = _at[_at.Chosen],
            Layer = layer,
            Out = output,
        };
        _kernels["rows_attend"].Launch(_stream, attend, _rows, headBlocks);
    }

    /// <summary>Past chunks one by one, each with the rows that chose it; then each row's own chunk, and the sums joined.</summary>
    private void AttendGathered(RowsAttendTilesArgs tiles, int chunks, int past)
    {
        int most = RowsBuffers.MostTiles(_rows, past, chunks);
        RowsListsArgs lists = new() { Chosen = tiles.Chosen, Rows = _rows, Most = most, List = _at[_at.List], Tiles = _at[_at.ListTiles], Counts = _at[_at.ListCounts] };
        _kernels["rows_lists"].Launch(_stream, lists, _shape.H);
        (tiles.List, tiles.Counts, tiles.Entries, tiles.Parts) = (lists.List, lists.Counts, _rows * past, _at[_at.Parts]);
        RowsAttendTilesArgs gathered = tiles;
        gathered.Tiles = lists.Tiles;
        _kernels["attend_gathered"].Launch(_stream, gathered, most, _shape.H);
        _kernels["attend_own"].Launch(_stream, tiles, _tiles, _shape.H);
    }
}
