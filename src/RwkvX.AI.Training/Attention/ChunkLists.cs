using RwkvX.AI.Training.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>Which queries see a chunk of their sequence and head, chunk after chunk, as moba_lists.cu and moba_items.cu make it.</summary>
/// <param name="Entries">(B·H, T · top-k) I32: query · top-k + which of its choices, the last being its own chunk; ascending within a chunk.</param>
/// <param name="Items">(B·H, most, 4) I32: chunk, first and end of at most <see cref="Span"/> entries of it.</param>
/// <param name="Firsts">(B·H, chunks + 1) I32: a chunk's first item.</param>
internal sealed unsafe record ChunkLists(Tensor Entries, Tensor Items, Tensor Firsts)
{
    /// <summary>Entries of an item at most: some chunks are chosen by nearly all queries.</summary>
    public const int Span = 512;

    private const int Segment = 256;

    /// <summary>Items of a head at most.</summary>
    public int Most => (int)Items.shape[1];

    /// <summary>Chunks, the last perhaps part of one.</summary>
    public int Chunks => (int)Firsts.shape[1] - 1;

    /// <summary>Sorts the queries by chunk.</summary>
    /// <param name="launcher">Runs the kernels.</param>
    /// <param name="chosen">(B, H, T, choices) I32, as <see cref="ChunkChoice"/> gives.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    public static ChunkLists Of(IKernelLauncher launcher, Tensor chosen, int chunkSize)
    {
        using DisposeScope scope = NewDisposeScope();
        (int heads, int tokens, int choices) = ((int)(chosen.shape[0] * chosen.shape[1]), (int)chosen.shape[2], (int)chosen.shape[3]);
        int chunks = (tokens + chunkSize - 1) / chunkSize, segments = (tokens + Segment - 1) / Segment, entries = tokens * (choices + 1);
        int most = (entries / Span) + chunks;
        Tensor Integers(params long[] shape) => empty(shape, dtype: ScalarType.Int32, device: chosen.device);
        Tensor counts = Integers(heads, segments, chunks), offsets = Integers(heads, chunks + 1);
        ChunkLists lists = new(Integers(heads, entries), Integers(heads, most, 4), Integers(heads, chunks + 1));
        ListsArgs args = new()
        {
            Chosen = (int*)TensorPointer.Of(chosen),
            Counts = (int*)TensorPointer.Of(counts),
            Offsets = (int*)TensorPointer.Of(offsets),
            List = (int*)TensorPointer.Of(lists.Entries),
            Tokens = tokens,
            Chunks = chunks,
        };
        string[] Defines(int place) => [$"-DCHUNK={chunkSize}", $"-DCHOICES={choices}", $"-DPLACE={place}"];
        launcher.Launch("moba_lists", Defines(0), args, 256, segments, heads);
        launcher.Launch("moba_items", [$"-DSPAN={Span}"], new ItemsArgs
        {
            Counts = args.Counts,
            Offsets = args.Offsets,
            Firsts = (int*)TensorPointer.Of(lists.Firsts),
            Items = (int*)TensorPointer.Of(lists.Items),
            Segments = segments,
            Chunks = chunks,
            Most = most,
        }, 1024, heads);
        launcher.Launch("moba_lists", Defines(1), args, 256, segments, heads);
        lists.Entries.MoveToOuterDisposeScope();
        lists.Items.MoveToOuterDisposeScope();
        lists.Firsts.MoveToOuterDisposeScope();
        return lists;
    }

    /// <summary>As in moba_lists.cu.</summary>
    private struct ListsArgs
    {
        public int* Chosen, Counts, Offsets, List;
        public int Tokens, Chunks;
    }

    /// <summary>As in moba_items.cu.</summary>
    private struct ItemsArgs
    {
        public int* Counts, Offsets, Firsts, Items;
        public int Segments, Chunks, Most;
    }
}
