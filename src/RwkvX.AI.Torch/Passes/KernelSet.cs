using System.Runtime.ExceptionServices;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.Passes;

/// <summary>All kernels of one model's shape.</summary>
internal sealed class KernelSet : IDisposable
{
    /// <summary>The largest batch that the decoding kernels are compiled for; larger ones go through matrix products.</summary>
    public const int MaxStepBatch = 4;

    // DEPTH stages of two 16-byte pieces a thread.
    private const int GemvRing = 6 * 2 * 512 * 16, OutputRing = 11 * 2 * 320 * 16;

    // Stages of four records of six vectors of 64, and four numbers of theirs.
    private const int ScanRing = 8 * 4 * (6 * 64 + 1) * sizeof(float);

    // Tiles of 64 rows of 68 floats; and four stages of a matrix and four rows of another.
    private const int Tile = 64 * 68 * sizeof(float), StatesRing = 4 * (64 + 4) * 64 * sizeof(float);

    private static readonly int[] StepBatches = [1, 2, MaxStepBatch];

    private readonly Owned _all = new();

    /// <summary>Loads all kernels, compiled where they are not on disk yet.</summary>
    public KernelSet(CudaDevice device, KernelCompiler compiler, ModelShape shape, IReadOnlyList<string> extraDefines)
    {
        List<Request> requests = Requests(shape);
        byte[][] images = Compile(compiler, requests, [.. shape.Defines(), .. extraDefines], device.Use);
        try
        {
            for (int i = 0; i < images.Length; i++)
                _byName[(requests[i].Key, requests[i].Batch)] = _all.Add(new CudaKernel(new CudaModule(images[i], requests[i].Name), requests[i].Name, requests[i].Threads, requests[i].SharedBytes));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Machine code of all kernels of a shape; no device is needed.</summary>
    public static IReadOnlyList<(string Kernel, byte[] Image)> CompileAll(KernelCompiler compiler, ModelShape shape, IReadOnlyList<string> extraDefines)
    {
        List<Request> requests = Requests(shape);
        byte[][] images = Compile(compiler, requests, [.. shape.Defines(), .. extraDefines], () => { });
        return [.. requests.Select((request, i) => (request.Key, images[i]))];
    }

    private static List<Request> Requests(ModelShape shape)
    {
        List<Request> requests = [new("convert", 256)];
        requests.AddRange([
            new("embed", 256), new("step_wkv", 512, WkvShared(shape), Options: [shape.StateDefine]),
            new("rows_norm", 256), new("rows_prev", 256), new("rows_activate", 256),
            new("sample", 1024), new("rows_wkv_prepare", 256), new("rows_wkv_scan", 32, ScanRing, Options: [shape.StateDefine]),
            new("rows_wkv_scan", 256, Variant: "wkv_single", Options: ["-DSINGLE", shape.StateDefine]), new("rows_wkv_out", 256),
        ]);
        if (shape.DividesRecurrence)
            requests.AddRange([
                new("rows_wkv_chunks", 256, (6 * Tile) + (256 * sizeof(float))), new("rows_wkv_states", 64, StatesRing, Options: [shape.StateDefine]), new("rows_wkv_outputs", 256, 2 * Tile),
            ]);
        if (shape.Config.SparseLayerCount > 0)
            requests.AddRange([
                new("step_choose", 256), new("step_attend", 128),
                new("rows_pages", 256), new("rows_means", 512), new("rows_choose", 64), new("rows_attend", 256),
            ]);
        if (shape.Config.SparseLayerCount > 0 && shape.WeightType != 0)
            requests.AddRange([new("rows_attend_tiles", 128), .. shape.Config.MobaTopK < 2 ? (Request[])[] :
            [
                new("rows_lists", 1024),
                new("rows_attend_tiles", 128, Variant: "attend_gathered", Options: ["-DMODE=1"]),
                new("rows_attend_tiles", 128, Variant: "attend_own", Options: ["-DMODE=2"]),
            ]]);
        if (shape.MatrixType != 0)
            requests.AddRange([new("row_scales", 256), new("dequantize", 256)]);
        int Padded(int elementBytes) => (shape.C + 32 * 16 / elementBytes - 1) / (32 * 16 / elementBytes) * (32 * 16 / elementBytes);
        int padded = Math.Max(Padded(shape.ElementBytes), Padded(shape.MatrixBytes));
        foreach (int batch in StepBatches)
        {
            requests.Add(new("step_gemv", 512, GemvRing + batch * padded * sizeof(float), batch));
            requests.Add(new("step_gemv", 320, OutputRing + batch * padded * sizeof(float), batch, "output", ["-DTHREADS=320", "-DDEPTH=11"]));
            requests.Add(new("step_value", 512, 0, batch));
        }
        return requests;
    }

    /// <summary>Compiles what is not on disk yet, on several threads.</summary>
    private static byte[][] Compile(KernelCompiler compiler, List<Request> requests, IReadOnlyList<string> defines, Action enter)
    {
        byte[][] images = new byte[requests.Count][];
        try
        {
            Parallel.For(0, images.Length, i =>
            {
                enter();
                IReadOnlyList<string> batch = requests[i].Batch == 0 ? [] : [$"-DB={requests[i].Batch}"];
                images[i] = compiler.Compile(requests[i].Name, [.. defines, .. batch, .. requests[i].Defines]);
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        return images;
    }

    private readonly Dictionary<(string Name, int Batch), CudaKernel> _byName = [];

    /// <summary>The kernel of this name.</summary>
    public CudaKernel this[string name] => _byName[(name, 0)];

    /// <summary>The kernel of this name, compiled for a batch.</summary>
    public CudaKernel this[string name, int batch] => _byName[(name, batch)];

    public void Dispose() => _all.Dispose();

    /// <summary>step_wkv stages a head's part of all LoRA-up matrices: for each rank whole passes of 512 16-byte pieces.</summary>
    private static int WkvShared(ModelShape shape)
    {
        int rows = 512 * 16 / shape.ElementBytes / shape.Config.HeadSize;
        int passes = (shape.RankW + rows - 1) / rows + (shape.RankA + rows - 1) / rows + (shape.RankG + rows - 1) / rows + (shape.RankV + rows - 1) / rows;
        return passes * 512 * 16;
    }

    /// <param name="Name">The source and its function.</param>
    /// <param name="Threads">Threads of a block.</param>
    /// <param name="SharedBytes">Dynamic shared memory of a block.</param>
    /// <param name="Batch">The batch that it is compiled for; 0 for any.</param>
    /// <param name="Variant">What to call it, where its source is compiled in several ways.</param>
    /// <param name="Options">Defines of the variant.</param>
    private sealed record Request(string Name, int Threads, int SharedBytes = 0, int Batch = 0, string? Variant = null, IReadOnlyList<string>? Options = null)
    {
        public string Key => Variant ?? Name;

        public IReadOnlyList<string> Defines => Options ?? [];
    }
}
