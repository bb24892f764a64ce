using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Testing.Stores;

/// <summary>A stand-in for an engine: a hash of the tokens and of the spans in which they came decides every number of a state.</summary>
/// <remarks>Two states are equal bit for bit exactly if the same tokens were run in the same spans; a restored one goes on as an uninterrupted one.</remarks>
public static class ToyEngine
{
    /// <summary>A model whose pages fill after a few tokens.</summary>
    public static RwkvXConfig Config { get; } = new()
    {
        EmbeddingSize = 16,
        LayerCount = 2,
        SparseLayerCount = 2,
        VocabSize = 1000,
        HeadSize = 8,
        MobaChunkSize = 4,
        MobaTopK = 2,
    };

    /// <summary>The binding of the tests' conversations.</summary>
    public static StateBinding Binding { get; } = new("model-1", "tokenizer-1", "template-1");

    /// <summary>The state after no token.</summary>
    public static StateSnapshot Empty(RwkvXConfig? config = null) => Export(config ?? Config, 1, 0, [.. Enumerable.Repeat<List<PageSnapshot>>([], (config ?? Config).SparseLayerCount)]);

    /// <summary>The state after more tokens, run in spans.</summary>
    public static StateSnapshot Run(StateSnapshot from, ReadOnlySpan<int> tokens, ReadOnlySpan<int> spans)
    {
        RwkvXConfig config = from.Config;
        ulong hash = (uint)BitConverter.SingleToInt32Bits(from.RwkvLayers[0].AttXPrev[0]) | ((ulong)(uint)BitConverter.SingleToInt32Bits(from.RwkvLayers[0].AttXPrev[1]) << 32);
        List<List<PageSnapshot>> pages = [.. from.SparseLayers.Select(layer => layer.Pages.ToList())];
        int at = 0;
        foreach (int span in spans)
        {
            hash = Mix(hash, (uint)span * 0x9E3779B1u);
            for (int i = 0; i < span; i++)
            {
                hash = Mix(hash, (uint)tokens[at++]);
                for (int layer = 0; layer < pages.Count; layer++) AddRow(config, pages[layer], Mix(hash, (uint)layer));
            }
        }

        return Export(config, hash, from.TokenCount + tokens.Length, pages);
    }

    /// <summary>The state after all tokens of records.</summary>
    public static StateSnapshot Replay(StateSnapshot? from, IEnumerable<LogRecord> records)
    {
        StateSnapshot state = from ?? Empty();
        foreach (LogRecord record in records)
        {
            if (record is TokensRecord run) state = Run(state, run.Tokens.Span, run.Spans.Span);
            if (record is DropRecord drop) state = Drop(state, drop.Pages);
        }

        return state;
    }

    /// <summary>The state without some of its full pages.</summary>
    public static StateSnapshot Drop(StateSnapshot from, IReadOnlyList<PageId> pages) => new()
    {
        Config = from.Config,
        TokenCount = from.TokenCount,
        PageType = from.PageType,
        RwkvLayers = from.RwkvLayers,
        SparseLayers = [.. from.SparseLayers.Select((layer, number) => layer with
        {
            Pages = [.. layer.Pages.Select((page, chunk) => pages.Contains(new PageId(number, chunk)) ? PageSnapshot.Dropped(page.RowCount) : page)],
        })],
    };

    /// <summary>The state that an opened conversation stands for.</summary>
    public static StateSnapshot Restore(StoredState opened) => Replay(opened.Snapshot, opened.Records);

    /// <summary>Bit for bit the same.</summary>
    public static bool AreEqual(StateSnapshot a, StateSnapshot b) =>
        a.Config == b.Config && a.TokenCount == b.TokenCount && a.PageType == b.PageType
        && a.RwkvLayers.Zip(b.RwkvLayers).All(pair => Same(pair.First.AttXPrev, pair.Second.AttXPrev) && Same(pair.First.Wkv, pair.Second.Wkv) && Same(pair.First.FfnXPrev, pair.Second.FfnXPrev))
        && a.SparseLayers.Zip(b.SparseLayers).All(pair => Same(pair.First.FfnXPrev, pair.Second.FfnXPrev) && pair.First.Pages.Count == pair.Second.Pages.Count
            && pair.First.Pages.Zip(pair.Second.Pages).All(page => SamePage(page.First, page.Second)));

    private static bool SamePage(PageSnapshot a, PageSnapshot b) =>
        a.RowCount == b.RowCount && a.IsDropped == b.IsDropped && a.Keys.Span.SequenceEqual(b.Keys.Span) && a.Values.Span.SequenceEqual(b.Values.Span) && Same(a.Mean ?? [], b.Mean ?? []);

    private static bool Same(float[] a, float[] b) => MemoryMarshal.AsBytes(a.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(b.AsSpan()));

    private static StateSnapshot Export(RwkvXConfig config, ulong hash, long tokens, List<List<PageSnapshot>> pages) => new()
    {
        Config = config,
        TokenCount = tokens,
        PageType = TensorType.F32,
        RwkvLayers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => new RwkvLayerSnapshot(
            Head(config, hash, layer), Floats(config.EmbeddingSize * config.HeadSize, Mix(hash, 100u + (uint)layer)), Floats(config.EmbeddingSize, Mix(hash, 200u + (uint)layer))))],
        SparseLayers = [.. pages.Select((list, layer) => new SparseLayerSnapshot(Floats(config.EmbeddingSize, Mix(hash, 300u + (uint)layer)), list))],
    };

    /// <summary>The hash itself travels in the first two floats, so that a restored state can go on.</summary>
    private static float[] Head(RwkvXConfig config, ulong hash, int layer)
    {
        float[] values = Floats(config.EmbeddingSize, Mix(hash, (uint)layer));
        values[0] = BitConverter.Int32BitsToSingle((int)(uint)hash);
        values[1] = BitConverter.Int32BitsToSingle((int)(uint)(hash >> 32));
        return values;
    }

    private static void AddRow(RwkvXConfig config, List<PageSnapshot> pages, ulong hash)
    {
        byte[] keys = Bytes(Floats(config.EmbeddingSize, hash)), values = Bytes(Floats(config.EmbeddingSize, Mix(hash, 7)));
        if (pages is [.., { } last] && last.RowCount < config.MobaChunkSize)
        {
            pages.RemoveAt(pages.Count - 1);
            (keys, values) = ([.. last.Keys.Span, .. keys], [.. last.Values.Span, .. values]);
        }

        int rows = keys.Length / (4 * config.EmbeddingSize);
        pages.Add(new PageSnapshot(rows, keys, values, rows == config.MobaChunkSize ? Mean(config, keys) : null));
    }

    private static float[] Mean(RwkvXConfig config, byte[] keys)
    {
        ReadOnlySpan<float> rows = MemoryMarshal.Cast<byte, float>(keys);
        float[] mean = new float[config.EmbeddingSize];
        for (int i = 0; i < rows.Length; i++) mean[i % mean.Length] += rows[i] / config.MobaChunkSize;
        return mean;
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static float[] Floats(int count, ulong seed)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = ((seed = Mix(seed, 1)) >> 40) / 16777216f;
        return values;
    }

    private static ulong Mix(ulong hash, uint value)
    {
        hash = (hash ^ value) * 0xFF51AFD7ED558CCD;
        return hash ^ (hash >> 29);
    }
}
