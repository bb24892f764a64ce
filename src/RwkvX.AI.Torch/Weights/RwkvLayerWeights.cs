namespace RwkvX.AI.Torch.Weights;

/// <summary>Device addresses of an RWKV-7 layer. LoRA-down matrices lie transposed, (rank, C); vectors are f32. V0, V1, V2 are 0 in layer 0.</summary>
internal sealed record RwkvLayerWeights
{
    public required LayerNormWeights Norm { get; init; }

    public required ulong Xr { get; init; }

    public required ulong Xw { get; init; }

    public required ulong Xk { get; init; }

    public required ulong Xv { get; init; }

    public required ulong Xa { get; init; }

    public required ulong Xg { get; init; }

    public required MatrixWeights Receptance { get; init; }

    public required MatrixWeights Key { get; init; }

    public required MatrixWeights Value { get; init; }

    public required MatrixWeights Output { get; init; }

    public required ulong W0 { get; init; }

    public required ulong W1 { get; init; }

    public required ulong W2 { get; init; }

    public required ulong A0 { get; init; }

    public required ulong A1 { get; init; }

    public required ulong A2 { get; init; }

    public required ulong V0 { get; init; }

    public required ulong V1 { get; init; }

    public required ulong V2 { get; init; }

    public required ulong G1 { get; init; }

    public required ulong G2 { get; init; }

    public required ulong Kk { get; init; }

    public required ulong Ka { get; init; }

    public required ulong Rk { get; init; }

    public required LayerNormWeights GroupNorm { get; init; }

    public required ChannelMixWeights ChannelMix { get; init; }
}
