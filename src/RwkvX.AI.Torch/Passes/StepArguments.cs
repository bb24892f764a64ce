using System.Runtime.CompilerServices;

namespace RwkvX.AI.Torch.Passes;

// The argument structs of the decoding kernels, field for field as in their sources.
#pragma warning disable CS0649 // Fields that stay zero are null pointers to the kernel.

internal struct EmbedArgs
{
    public ulong Table, NormWeight, NormBias, Tokens, X;
}

internal struct GemvGroup
{
    public ulong W, Scales, Mix, Out;
    public int Stride, Activation;

    public const int Store = 0, Tanh = 1, Sigmoid = 2, Relu2 = 3, Add = 4;
}

[InlineArray(7)]
internal struct GemvGroups
{
    private GemvGroup _first;
}

internal struct GemvArgs
{
    public GemvGroups Groups;
    public ulong Tasks;
    public uint Writers;
    public ulong X, Partials, XOut, NormWeight, NormBias, States;
    public long PrevOffset;
    public ulong HOut;
}

internal struct StepWkvArgs
{
    public ulong R, K, V, Tw, Ta, Tg, Tv, W2, A2, G2, V2, W0, A0, V0, Kk, Ka, Rk, NormWeight, NormBias, VFirst, H, States;
    public long StateOffset;
    public ulong Out;
}

internal struct StepValueArgs
{
    public ulong Value, Scales, K, Partials, H, States;
    public long PrevOffset;
}

internal struct StepChooseArgs
{
    public ulong Q, K, V;
    public int Stride;
    public ulong States;
    public long SumOffset;
    public ulong Tables, Positions;
    public int Layer;
    public ulong Chosen;
}

internal struct StepAttendArgs
{
    public ulong Q;
    public int Stride;
    public ulong Tables, Positions, Chosen;
    public int Layer;
    public ulong Partials, Arrivals, Out, Narrowed;
}
