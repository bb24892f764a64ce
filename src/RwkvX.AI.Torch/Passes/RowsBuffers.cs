using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.Passes;

/// <summary>Where the buffers of a <see cref="RowsPass"/> lie, for at most T rows of S sequences. All are offsets; the indexer makes addresses.</summary>
internal sealed class RowsBuffers : IDisposable
{
    /// <summary>Rows of a tile of rows_attend_tiles.</summary>
    public const int TileRows = 128;

    private readonly DeviceMemory _memory;

    /// <summary>Rows whose operands of the recurrence are there at a time.</summary>
    public const int RecurrenceRows = 2048;

    /// <summary>Sequences at most where the recurrence is divided over tokens.</summary>
    public const int MaxDividedSequences = 16;

    /// <summary>Past chunks that rows_lists can tell apart.</summary>
    public const int MaxListedChunks = 4096;

    /// <param name="device">The device.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="rows">T.</param>
    /// <param name="sequences">S.</param>
    /// <param name="logitRows">Rows whose logits fit at once.</param>
    /// <param name="gather">Room for the rows that chose a chunk, gathered.</param>
    public RowsBuffers(CudaDevice device, ModelShape shape, int rows, int sequences, int logitRows, bool gather)
    {
        (Rows, Sequences, LogitRows) = (rows, sequences, logitRows);
        BufferPlan plan = new();
        Tokens = plan.Add(rows * sizeof(int));
        Segments = plan.Add(rows * sizeof(int));
        Wanted = plan.Add(rows * sizeof(int));
        Starts = plan.Add((sequences + 1) * sizeof(int));
        MaxTiles = rows / TileRows + sequences;
        Tiles = plan.Add(2 * MaxTiles * sizeof(int));
        Positions = plan.Add(sequences * sizeof(int));
        States = plan.Add(sequences * sizeof(ulong));
        Tables = plan.Add(sequences * sizeof(ulong));
        HeaderBytes = plan.Bytes;
        long wide = (long)rows * shape.C, element = shape.ElementBytes;
        long Narrow(long count) => plan.Add(count * element + 16);
        X = plan.Floats(wide);
        Last = plan.Floats((long)sequences * shape.C);
        VFirst = Narrow(wide);
        Bonus = plan.Floats((long)rows * shape.H);
        Ahead = plan.Floats((long)rows * shape.H);
        R = Narrow(wide);
        K = Narrow(wide);
        V = Narrow(wide);
        Mixed = R; // takes a row's place when the row's r has gone into the operands
        W = Narrow(wide);
        A = Narrow(wide);
        G = Narrow(wide);
        Vl = Narrow(wide);
        Down = [Narrow(rows * (long)shape.RankW), Narrow(rows * (long)shape.RankA), Narrow(rows * (long)shape.RankG), Narrow(rows * (long)shape.RankV)];
        int past = shape.Config.SparseLayerCount > 0 ? shape.Config.MobaTopK - 1 : 0;
        long choices = (long)rows * shape.H * past, parts = gather ? choices * (shape.Config.HeadSize + 2) * sizeof(float) : 0;
        // Never alive together: the operands and results of the recurrence, a part of the rows at a time; the inner vectors of a channel mix; the q, k, v
        // of a sparse layer (and what its rows got from past chunks); logits. What they are products of lies at the end: six mixes, of which the
        // operands are made when the products are done, or one beside the others.
        int part = Math.Min(rows, RecurrenceRows);
        long mix = Aligned(wide * element + 16), operands = Aligned((long)part * shape.C * 6 * sizeof(float)), qkv = Aligned(wide * 3 * sizeof(float));
        long results = Aligned((long)part * shape.C * sizeof(float)), matrices = 0;
        if (shape.DividesRecurrence) // a matrix a chunk of 64 rows and head, each sequence's chunks from its first row on
            matrices = (long)(part / 64 + Math.Min(sequences, MaxDividedSequences)) * shape.C * 64 * sizeof(float);
        long inner = rows * (long)shape.F * element + 16, logits = (long)logitRows * shape.V * sizeof(float);
        long region = Aligned(new[] { 6 * mix, operands + results + 4 * matrices, Math.Max(qkv, Math.Max(inner, logits)) + mix }.Max());
        // What rows got from past chunks lies over what only the recurrence needs (k, v, w, a, g and the other v), or else behind the q, k, v.
        if (parts > Vl + mix - K)
            region = Math.Max(region, Aligned(qkv + parts));
        Records = Logits = plan.Add(region);
        Y = Records + operands;
        Matrices = [.. Enumerable.Range(0, 4).Select(i => Y + results + i * matrices)];
        Parts = parts > Vl + mix - K ? Records + qkv : K;
        Mixes = [.. Enumerable.Range(1, 6).Select(i => Records + region - i * mix)];
        if (gather)
        {
            List = plan.Add(choices * sizeof(int));
            ListTiles = plan.Add((long)MostTiles(rows, past, MaxListedChunks) * shape.H * 4 * sizeof(int));
            ListCounts = plan.Add(shape.H * sizeof(int));
        }
        Widened = plan.Add(Dequantizer.Bytes(shape));
        if (shape.Config.SparseLayerCount > 0)
        {
            long pages = (long)shape.Config.MobaTopK * shape.PagesPerChunk;
            Chosen = plan.Add((long)rows * shape.H * shape.Config.MobaTopK * sizeof(int));
            AttentionPartials = plan.Floats((long)sequences * shape.H * pages * (shape.Config.HeadSize + 2));
            AttentionArrivals = plan.Add((long)sequences * shape.H * sizeof(uint));
        }
        _memory = plan.Allocate(device, $"buffers of {rows} rows");
    }

    public int Rows { get; }

    public int Sequences { get; }

    public int LogitRows { get; }

    /// <summary>Bytes from the start that change from pass to pass, uploaded as one piece.</summary>
    public long HeaderBytes { get; }

    public long Bytes => _memory.Bytes;

    public long Tokens { get; }

    /// <summary>(T) the sequence of each row.</summary>
    public long Segments { get; }

    /// <summary>(T) rows whose logits are wanted.</summary>
    public long Wanted { get; }

    /// <summary>(S + 1) first row of each sequence.</summary>
    public long Starts { get; }

    public long Positions { get; }

    /// <summary>(tiles, 2) first and end row of tiles of at most 128 rows of one sequence.</summary>
    public long Tiles { get; }

    public int MaxTiles { get; }

    public long States { get; }

    public long Tables { get; }

    public long X { get; }

    public long Last { get; }

    public long VFirst { get; }

    public long Y { get; }

    /// <summary>M, G and Q of the chunks of the recurrence, and the states before them; without room where it is not divided.</summary>
    public IReadOnlyList<long> Matrices { get; }

    public long Bonus { get; }

    /// <summary>(T, H) what the recurrence needs of each operand's successor.</summary>
    public long Ahead { get; }

    /// <summary>What goes into products; the first is alive beside what becomes of it, the others are not.</summary>
    public IReadOnlyList<long> Mixes { get; }

    /// <summary>(T, C) what the recurrence or attention gave, on its way into the output product.</summary>
    public long Mixed { get; }

    public long R { get; }

    public long K { get; }

    public long V { get; }

    public long W { get; }

    public long A { get; }

    public long G { get; }

    public long Vl { get; }

    public IReadOnlyList<long> Down { get; }

    public long Records { get; }

    /// <summary>What rows got from past chunks.</summary>
    public long Parts { get; }

    /// <summary>(H, T, PAST) the rows that chose each chunk.</summary>
    public long List { get; }

    /// <summary>(H, most, 4) their tiles.</summary>
    public long ListTiles { get; }

    /// <summary>(H) the number of tiles.</summary>
    public long ListCounts { get; }

    public long Logits { get; }

    /// <summary>An 8-bit matrix on its way into a product.</summary>
    public long Widened { get; }

    public long Chosen { get; }

    public long AttentionPartials { get; }

    public long AttentionArrivals { get; }

    private static long Aligned(long bytes) => (bytes + 255) / 256 * 256;

    /// <summary>Tiles of a head at most, where so many past chunks may be chosen.</summary>
    public static int MostTiles(int rows, int past, int chunks) => rows * past / TileRows + Math.Min(chunks, rows * past) + 1;

    public ulong this[long offset] => _memory.Address + (ulong)offset;

    public void Clear(CudaStream stream) => stream.Clear(_memory.Address, _memory.Bytes);

    public void Dispose() => _memory.Dispose();
}
