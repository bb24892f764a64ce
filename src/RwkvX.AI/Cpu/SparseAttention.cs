using RwkvX.AI.Cpu.Kernels;

namespace RwkvX.AI.Cpu;

/// <summary>The sparse attention of one head: appending keys and values, choosing chunks, reading them. See docs/kernels/sparse-attention.md.</summary>
internal static unsafe class SparseAttention<V>
    where V : struct, ILanes<V>
{
    private const int N = Wkv.N;
    private const int Tile = KeyScores.Tile;

    /// <summary>Writes the keys and values of a piece into its state's pages, and the mean of each chunk that becomes full.</summary>
    /// <param name="piece">The tokens.</param>
    /// <param name="layer">The sparse layer.</param>
    /// <param name="head">The head.</param>
    /// <param name="k">(Count, ·) this head's keys, the first token's first.</param>
    /// <param name="v">(Count, ·) its values.</param>
    /// <param name="ld">Floats between the tokens' rows.</param>
    public static void Append(in Piece piece, int layer, int head, float* k, float* v, int ld)
    {
        PagedRows keyValues = piece.State.KeyValues(layer), means = piece.State.Means(layer);
        int B = keyValues.RowsPerPage;
        for (int t = 0; t < piece.Count; t++)
        {
            (int chunk, int row) = ((int)((piece.Position + t) / B), (int)((piece.Position + t) % B));
            Page page = keyValues[chunk];
            Scatter(k + ((nint)t * ld), page.Key(head, row));
            new ReadOnlySpan<float>(v + ((nint)t * ld), N).CopyTo(new Span<float>(page.Value(head, row), N));
            if (row == B - 1)
            {
                Page meanPage = means[chunk / means.RowsPerPage];
                int meanRow = chunk % means.RowsPerPage;
                ChunkGate.Mean(page.Keys(head), B, meanPage.Key(head, meanRow));
                MeanCodes.Encode(means, head, chunk);
            }
        }
    }

    /// <summary>Runs the queries of one chunk and head: choice, past chunks in ascending order, own chunk.</summary>
    /// <param name="run">The queries.</param>
    /// <param name="state">Their sequence's state, with the keys and values of the run appended.</param>
    /// <param name="layer">The sparse layer.</param>
    /// <param name="head">The head.</param>
    /// <param name="q">(Count, ·) this head's queries.</param>
    /// <param name="o">(Count, ·) results.</param>
    /// <param name="ld">Floats between the tokens' rows.</param>
    /// <param name="scratch">The worker's memory.</param>
    /// <param name="hook">Sees the choices; null for none.</param>
    public static void Attend(in QueryRun run, CpuState state, int layer, int head, float* q, float* o, int ld, AttentionScratch scratch, ChunkChoiceHook? hook)
    {
        PagedRows keyValues = state.KeyValues(layer);
        int B = keyValues.RowsPerPage, own = (int)(run.Position / B), firstRow = (int)(run.Position % B);
        AttentionQuery* queries = scratch.Queries;
        for (int t = 0; t < run.Count; t++)
        {
            queries[t] = new AttentionQuery { Q = q + ((nint)t * ld), Out = o + ((nint)t * ld), OwnRows = firstRow + t + 1 };
            ChunkAttention.Begin(queries + t);
        }

        int take = state.Config.MobaTopK - 1;
        if (own - keyValues.Dropped.Length <= take)
        {
            VisitAll(keyValues, head, own, run, scratch);
        }
        else if (take > 0)
        {
            VisitChosen(keyValues, head, run, scratch, Choose(run, state, layer, head, own, take, scratch, hook));
        }

        VisitOwn(keyValues[own], head, queries, run.Count);
        for (int t = 0; t < run.Count; t++)
        {
            ChunkAttention.Finish<V>(queries + t);
        }
    }

    /// <summary>Each query's choice of chunks, as visits sorted by chunk.</summary>
    /// <returns>The number of visits.</returns>
    private static int Choose(in QueryRun run, CpuState state, int layer, int head, int past, int take, AttentionScratch scratch, ChunkChoiceHook? hook)
    {
        PagedRows means = state.Means(layer);
        ReadOnlySpan<int> dropped = state.KeyValues(layer).Dropped;
        int ld = scratch.Reserve(past, take), visits = 0; // room for four rows of scores
        Span<int> chosen = scratch.Chosen.AsSpan(0, take);
        float** q = stackalloc float*[Tile];
        for (int t0 = 0; t0 < run.Count; t0 += Tile)
        {
            int count = Math.Min(Tile, run.Count - t0);
            for (int i = 0; i < Tile; i++)
            {
                q[i] = scratch.Queries[t0 + Math.Min(i, count - 1)].Q;
            }

            bool search = count == 1 && past >= MeanSearch.WorthwhileFrom;
            if (!search)
            {
                Score(means, head, q, count, past, scratch.Scores, ld);
                scratch.Pages.BytesRead += (long)past * N * sizeof(float);
                for (int i = 0; i < count; i++)
                {
                    ChunkGate.Mask(scratch.Scores + ((nint)i * ld), dropped);
                }
            }

            for (int i = 0; i < count; i++)
            {
                if (search)
                {
                    scratch.Pages.BytesRead += MeanSearch.Choose<V>(means, head, q[0], past, dropped, scratch, chosen);
                }
                else
                {
                    ChunkGate.Select<V>(scratch.Scores + ((nint)i * ld), past, chosen, scratch.Best.AsSpan(0, take));
                }

                hook?.Invoke(layer, run.Position + t0 + i, head, chosen);
                foreach (int chunk in chosen)
                {
                    scratch.Visits[visits++] = ((long)chunk << AttentionScratch.QueryBits) | (uint)(t0 + i);
                }
            }
        }

        scratch.Visits.AsSpan(0, visits).Sort();
        return visits;
    }

    private static void Score(PagedRows means, int head, float** q, int count, int past, float* scores, int ld)
    {
        if (count == 1)
        {
            MeanSearch.Scan<V>(means, head, q[0], past, scores);
            return;
        }

        for (int first = 0; first < past; first += means.RowsPerPage)
        {
            KeyScores.Four<V>(q, means[first / means.RowsPerPage].Keys(head), Math.Min(means.RowsPerPage, past - first), scores + first, ld);
        }
    }

    private static void VisitChosen(PagedRows keyValues, int head, in QueryRun run, AttentionScratch scratch, int visits)
    {
        AttentionQuery** tile = stackalloc AttentionQuery*[Tile];
        for (int i = 0; i < visits;)
        {
            int chunk = (int)(scratch.Visits[i] >> AttentionScratch.QueryBits), first = i;
            if (keyValues.IsDropped(chunk))
            {
                i++; // only where a score is not a number
                continue;
            }

            Page page = keyValues[chunk].Use(scratch.Pages);
            while (i < visits && scratch.Visits[i] >> AttentionScratch.QueryBits == chunk)
            {
                int count = 0;
                for (; i < visits && count < Tile && scratch.Visits[i] >> AttentionScratch.QueryBits == chunk; i++)
                {
                    tile[count++] = scratch.Queries + (scratch.Visits[i] & (QueryRun.MaxCount - 1));
                }

                ChunkAttention.Visit<V>(tile, count, page.Keys(head), page.Values(head), keyValues.RowsPerPage, causal: false);
            }

            scratch.Pages.BytesRead += 2L * keyValues.RowsPerPage * N * sizeof(float);
            keyValues.NoteLooks(chunk, i - first, run.Position + (scratch.Visits[i - 1] & (QueryRun.MaxCount - 1)));
        }
    }

    private static void VisitAll(PagedRows keyValues, int head, int chunks, in QueryRun run, AttentionScratch scratch)
    {
        AttentionQuery** tile = stackalloc AttentionQuery*[Tile];
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            if (keyValues.IsDropped(chunk))
            {
                continue;
            }

            Page page = keyValues[chunk].Use(scratch.Pages);
            for (int t0 = 0; t0 < run.Count; t0 += Tile)
            {
                int count = FillTile(tile, scratch.Queries, t0, run.Count);
                ChunkAttention.Visit<V>(tile, count, page.Keys(head), page.Values(head), keyValues.RowsPerPage, causal: false);
            }

            keyValues.NoteLooks(chunk, run.Count, run.Position + run.Count - 1);
        }
    }

    private static void VisitOwn(Page page, int head, AttentionQuery* queries, int queryCount)
    {
        AttentionQuery** tile = stackalloc AttentionQuery*[Tile];
        for (int t0 = 0; t0 < queryCount; t0 += Tile)
        {
            int count = FillTile(tile, queries, t0, queryCount);
            ChunkAttention.Visit<V>(tile, count, page.Keys(head), page.Values(head), tile[count - 1]->OwnRows, causal: true);
        }
    }

    private static int FillTile(AttentionQuery** tile, AttentionQuery* queries, int first, int queryCount)
    {
        int count = Math.Min(Tile, queryCount - first);
        for (int i = 0; i < count; i++)
        {
            tile[i] = queries + first + i;
        }

        return count;
    }

    private static void Scatter(float* row, float* key)
    {
        for (int d = 0; d < N; d++)
        {
            key[d * KeyScores.BlockRows] = row[d];
        }
    }
}
