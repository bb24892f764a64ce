using System.Runtime.InteropServices;
using RwkvX.AI.Cpu.Kernels;

namespace RwkvX.AI.Cpu;

/// <summary>One worker's memory for choosing chunks: scores of a tile of queries, and who chose what.</summary>
/// <param name="visits">Its note of the pages looked at.</param>
internal sealed unsafe class AttentionScratch(PageVisits visits) : IDisposable
{
    private NativeBuffer? _scores;

    ~AttentionScratch() => NativeMemory.AlignedFree(Queries);

    /// <summary>(<see cref="QueryRun.MaxCount"/>) the queries of a run.</summary>
    public AttentionQuery* Queries { get; private set; } =
        (AttentionQuery*)NativeMemory.AlignedAlloc((nuint)(QueryRun.MaxCount * sizeof(AttentionQuery)), 64);

    /// <summary>The pages that this pass looks at.</summary>
    public PageVisits Pages => visits;

    /// <summary>Visits of a run: chunk in the upper bits, the query's number in the lower <see cref="QueryBits"/>.</summary>
    public long[] Visits { get; private set; } = [];

    /// <summary>Chunks of one query.</summary>
    public int[] Chosen { get; private set; } = [];

    /// <summary>Their scores.</summary>
    public float[] Best { get; private set; } = [];

    /// <summary>Bits that number a query within its run.</summary>
    public const int QueryBits = 6;

    /// <summary>(4, ld) scores.</summary>
    public float* Scores => _scores!.Data;

    /// <summary>Floats of a row of scores of so many chunks: whole blocks.</summary>
    public static int RowFloats(int past) => (past + KeyScores.BlockRows - 1) / KeyScores.BlockRows * KeyScores.BlockRows;

    /// <summary>Makes room for a run over <paramref name="past"/> chunks of which each query takes <paramref name="take"/>.</summary>
    /// <returns>ld, the floats between the scores of two queries.</returns>
    public int Reserve(int past, int take)
    {
        int ld = RowFloats(past);
        if (_scores is null || _scores.Count < (long)KeyScores.Tile * ld)
        {
            _scores?.Dispose();
            _scores = new NativeBuffer(KeyScores.Tile * Math.Max(1024L, 2L * ld));
        }

        if (Chosen.Length < take)
        {
            Chosen = new int[take];
            Best = new float[take];
            Visits = new long[take * QueryRun.MaxCount];
        }

        return ld;
    }

    public void Dispose()
    {
        _scores?.Dispose();
        NativeMemory.AlignedFree(Queries);
        Queries = null;
        GC.SuppressFinalize(this);
    }
}
