using System.Runtime.CompilerServices;

namespace RwkvX.AI.Torch.Passes;

// The argument structs of the prefill kernels, field for field as in their sources.
#pragma warning disable CS0649 // Fields that stay zero are null pointers to the kernel.

[InlineArray(6)]
internal struct SixPointers
{
    private ulong _first;
}

internal struct RowsNormArgs
{
    public ulong X, NormWeight, NormBias, Rows, Segments, Starts, States;
    public long PrevOffset;
    public SixPointers Mix, Out;
    public int Count;
    public ulong Last;
    public int Total, Per;
}

internal struct RowsPrevArgs
{
    public ulong Last, States;
    public long PrevOffset;
}

internal struct RowsActivateArgs
{
    public ulong Y;
    public long Words;
    public int Activation;
}

internal struct RowsWkvPrepareArgs
{
    public ulong R, K, V, W, A, Vl, W0, A0, V0, Kk, Ka, Rk, VFirst, Records, Bonus, Ahead;
    public int First, All;
}

internal struct RowsWkvScanArgs
{
    public ulong Records, Ahead, Starts, States;
    public long StateOffset;
    public ulong Y;
    public int Begin, End;
}

internal struct RowsWkvChunksArgs
{
    public ulong Records, Starts, M, G, Q, Y;
    public int Begin, End;
}

internal struct RowsWkvStatesArgs
{
    public ulong M, G, S, Starts, States;
    public long StateOffset;
    public int Begin, End;
}

internal struct RowsWkvOutputsArgs
{
    public ulong Q, S, Y, Starts;
    public int Begin, End;
}

internal struct RowsWkvOutArgs
{
    public ulong Y, Records, Bonus, G, NormWeight, NormBias, Out;
    public int First;
}

internal struct RowsPagesArgs
{
    public ulong Qkv, Segments, Starts, Tables, Positions;
    public int Layer;
}

internal struct RowsMeansArgs
{
    public ulong Starts, Tables, Positions, States;
    public long SumOffset;
    public int Layer;
}

internal struct RowsChooseArgs
{
    public ulong Qkv, Segments, Starts, Tables, Positions;
    public int Layer;
    public ulong Chosen;
    public int Rows;
}

internal struct RowsAttendTilesArgs
{
    public ulong Qkv, Segments, Starts, Tables, Positions, Chosen, Tiles;
    public int Layer;
    public ulong Out, List, Counts;
    public int Entries;
    public ulong Parts;
}

internal struct RowsListsArgs
{
    public ulong Chosen;
    public int Rows, Most;
    public ulong List, Tiles, Counts;
}

internal struct RowsAttendArgs
{
    public ulong Qkv, Segments, Starts, Tables, Positions, Chosen;
    public int Layer;
    public ulong Out;
}

internal struct DequantizeArgs
{
    public ulong From, Scales, To;
    public uint Rows, Words;
    public int ByColumn;
}
