using System.Globalization;
using System.Numerics;
using RwkvX.AI.Models;

namespace RwkvX.AI.Torch;

/// <summary>The sizes that kernels are compiled for, and what follows from them.</summary>
internal sealed record ModelShape
{
    private const int MaxPageTokens = 256;

    public required RwkvXConfig Config { get; init; }

    /// <summary>0 f32, 1 bf16, 2 f16.</summary>
    public required int WeightType { get; init; }

    /// <summary>Of the large matrices: 0 as <see cref="WeightType"/>, 1 int8, 2 e4m3, both with one f32 scale a row.</summary>
    public int MatrixType { get; init; }

    /// <summary>Of the matrices S in a state: 0 f32, 2 f16.</summary>
    public int StateType { get; init; }

    /// <summary>The embedding's type, as <see cref="WeightType"/>; it stays as stored.</summary>
    public required int EmbeddingType { get; init; }

    public required int RankW { get; init; }

    public required int RankA { get; init; }

    public required int RankV { get; init; }

    public required int RankG { get; init; }

    public required int MultiprocessorCount { get; init; }

    /// <summary>Heads that the recurrence fills a device with at one sequence; with fewer, prefill divides it over tokens.</summary>
    public const int MostDividedHeads = 24;

    /// <summary>Whether prefill may divide the recurrence over tokens.</summary>
    public bool DividesRecurrence { get; init; }

    public int C => Config.EmbeddingSize;

    public int F => Config.FeedForwardSize;

    public int H => Config.HeadCount;

    public int V => Config.VocabSize;

    /// <summary>Bytes of a small weight, an activation or an element of a page.</summary>
    public int ElementBytes => WeightType == 0 ? 4 : 2;

    /// <summary>Bytes of an element of a large matrix.</summary>
    public int MatrixBytes => MatrixType == 0 ? ElementBytes : 1;

    /// <summary>Tokens in a page: the largest power of two up to 256 that divides the chunk.</summary>
    public int PageTokens => Math.Min(MaxPageTokens, 1 << BitOperations.TrailingZeroCount(Config.MobaChunkSize));

    public int PagesPerChunk => Config.MobaChunkSize / PageTokens;

    /// <summary>Keys and values of every sparse layer, then a mean key of every sparse layer.</summary>
    public long PageBytes => (2L * PageTokens * ElementBytes + sizeof(float)) * C * Config.SparseLayerCount;

    /// <summary>Bytes of pages of so many tokens.</summary>
    public long PageBytesOf(long tokens) => Config.SparseLayerCount == 0 ? 0 : (tokens + PageTokens - 1) / PageTokens * PageBytes;

    /// <summary>Bytes of the recurrent part of a state.</summary>
    public long StateBytes => StateWords * sizeof(float);

    /// <summary>Words of four bytes in the recurrent part of a state.</summary>
    public long StateWords => RwkvOffset(Config.LayerCount) + 2L * C * Config.SparseLayerCount;

    /// <summary>Words of one RWKV layer: att_x_prev (C) f32, ffn_x_prev (C) f32, S (H, N, N), of which a word holds two elements in f16.</summary>
    public long RwkvWords => 2L * C + (long)C * Config.HeadSize / (StateType == 0 ? 1 : 2);

    /// <summary>Pieces of a row of the value matrix, the columns of a block of step_value: 128 bytes, or 64 where an element is one, since C is a multiple of 64.</summary>
    public int ValueColumns => C * MatrixBytes / (MatrixType == 0 ? 128 : 64);

    /// <summary>Parts of its inner index: as many as give every multiprocessor a block, within what the next product likes to add up.</summary>
    public int ValueSplits => Math.Clamp(MultiprocessorCount / ValueColumns, 1, 16);

    /// <summary>Where RWKV layer i's part of a state begins, in words.</summary>
    public long RwkvOffset(int layer) => layer * RwkvWords;

    /// <summary>Where sparse layer i's part of a state begins: ffn_x_prev (C), key_sum (C).</summary>
    public long SparseOffset(int layer) => RwkvOffset(Config.LayerCount) + 2L * C * layer;

    /// <summary>The -D option of the kernels that move matrices S.</summary>
    public string StateDefine => string.Create(CultureInfo.InvariantCulture, $"-DSTATE={StateType}");

    /// <summary>The -D options of every kernel.</summary>
    public IReadOnlyList<string> Defines()
    {
        (string Name, int Value)[] sizes =
        [
            ("C", C), ("F", F), ("H", H), ("V", V), ("RW", RankW), ("RA", RankA), ("RV", RankV), ("RG", RankG),
            ("WEIGHT", WeightType), ("MATRIX", MatrixType), ("EMB", EmbeddingType), ("CHUNK", Config.MobaChunkSize), ("TOPK", Config.MobaTopK),
            ("PAGE", PageTokens), ("SPARSE", Config.SparseLayerCount), ("SPLITS", ValueSplits),
        ];
        return [.. sizes.Select(s => string.Create(CultureInfo.InvariantCulture, $"-D{s.Name}={s.Value}"))];
    }
}
