using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.Passes;

/// <summary>Where the buffers of a <see cref="StepPass"/> lie. All are offsets; the indexer makes addresses.</summary>
internal sealed class StepBuffers
{
    private readonly List<GemvTaskList> _lists = [];

    public StepBuffers(ModelShape shape, int batch)
    {
        int c = shape.C, blocks = shape.MultiprocessorCount;
        Lanes = Plan.Add(batch * sizeof(int));
        Positions = Plan.Add(batch * sizeof(int));
        States = Plan.Add(batch * sizeof(ulong));
        Tables = Plan.Add(batch * sizeof(ulong));
        LaneBytes = Plan.Bytes - Lanes;
        long vector = (long)batch * c;
        X = Plan.Floats(vector);
        OtherX = Plan.Floats(vector);
        H = Plan.Floats(vector);
        R = Plan.Floats(vector);
        K = Plan.Floats(vector);
        V = Plan.Floats(vector);
        VFirst = Plan.Floats(vector);
        Mixed = Plan.Floats(vector);
        Tw = Plan.Floats(batch * shape.RankW);
        Ta = Plan.Floats(batch * shape.RankA);
        Tv = Plan.Floats(batch * shape.RankV);
        Tg = Plan.Floats(batch * shape.RankG);
        Inner = Plan.Floats((long)batch * shape.F);
        Logits = Plan.Floats((long)batch * shape.V);
        ValuePartials = Plan.Floats(shape.ValueSplits * vector);
        if (shape.Config.SparseLayerCount > 0)
        {
            Chosen = Plan.Add((long)batch * shape.H * shape.Config.MobaTopK * sizeof(int));
            AttentionPartials = Plan.Floats((long)batch * shape.H * shape.Config.MobaTopK * shape.PagesPerChunk * (shape.Config.HeadSize + 2));
            AttentionArrivals = Plan.Add(batch * shape.H * sizeof(uint));
        }
        int cost = shape.ElementBytes / shape.MatrixBytes; // of a row of a low-rank matrix, which never has 8 bits
        TimeMixTasks = Tasks([c, c, c, shape.RankG, shape.RankW, shape.RankA, shape.RankV], blocks, [1, 1, 1, cost, cost, cost, cost]);
        FirstTimeMixTasks = Tasks([c, c, c, shape.RankG, shape.RankW, shape.RankA], blocks, [1, 1, 1, cost, cost, cost]);
        QkvTasks = Tasks([c, c, c], blocks);
        OutputTasks = Tasks([c], blocks);
        KeyTasks = Tasks([shape.F], blocks);
        HeadTasks = Tasks([shape.V], blocks);
    }

    public BufferPlan Plan { get; } = new();

    /// <summary>The device address of offset 0, once allocated.</summary>
    public ulong Base { get; set; }

    /// <summary>Tokens (B) int, then positions, states and page tables: what changes from step to step, uploaded as one piece.</summary>
    public long Lanes { get; }

    public long LaneBytes { get; }

    public long Positions { get; }

    public long States { get; }

    public long Tables { get; }

    public long X { get; }

    /// <summary>The residual stream changes places where a product adds the partial sums of a channel mix to it.</summary>
    public long OtherX { get; }

    public long H { get; }

    public long R { get; }

    public long K { get; }

    public long V { get; }

    public long VFirst { get; }

    /// <summary>(B, C) what goes into an output product.</summary>
    public long Mixed { get; }

    public long Tw { get; }

    public long Ta { get; }

    public long Tv { get; }

    public long Tg { get; }

    /// <summary>(B, F) relu² of a channel mix.</summary>
    public long Inner { get; }

    public long Logits { get; }

    public long ValuePartials { get; }

    public long Chosen { get; }

    public long AttentionPartials { get; }

    public long AttentionArrivals { get; }

    public GemvTaskList TimeMixTasks { get; }

    public GemvTaskList FirstTimeMixTasks { get; }

    public GemvTaskList QkvTasks { get; }

    public GemvTaskList OutputTasks { get; }

    public GemvTaskList KeyTasks { get; }

    public GemvTaskList HeadTasks { get; }

    public ulong this[long offset] => Base + (ulong)offset;

    public void UploadTasks(CudaStream stream)
    {
        foreach (GemvTaskList list in _lists)
            stream.Upload<int>(list.Tasks, this[list.Offset]);
    }

    private GemvTaskList Tasks(ReadOnlySpan<int> rows, int blocks, ReadOnlySpan<int> costs = default)
    {
        int[] tasks = GemvTasks.Divide(rows, blocks, costs);
        GemvTaskList list = new(Plan.Add(tasks.Length * sizeof(int)), tasks.Length / 4, tasks);
        _lists.Add(list);
        return list;
    }
}
