using System.CommandLine;
using System.Globalization;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Torch;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx bench</c>: speed beside the floor that memory bandwidth sets.</summary>
internal static class BenchCommand
{
    public static Command Create(CliHost host)
    {
        ModelArguments model = new();
        Option<string?> shape = new("--shape")
        {
            Description = "Random weights of a shape instead of a model: L layers of width C, and M sparse layers; vocabulary 65,536.",
            HelpName = "LxC+M",
        };
        shape.Validators.Add(value =>
        {
            if (value.Tokens.Count == 1 && ModelShape.Parse(value.Tokens[0].Value) is null)
            {
                value.AddError(
                    $"--shape: expected LxC+M with C a multiple of 64 and M a divisor of L, such as 12x768+4, found {value.Tokens[0].Value}");
            }
        });
        Option<string?> json = new("--json") { Description = "Where the figures go as JSON, too.", HelpName = "FILE" };
        Option<string> contexts = Numbers("--contexts", "On a GPU: tokens behind each sequence, and lengths of prompts.", "4096,32768,131072");
        Option<string> batches = Numbers("--batches", "On a GPU: sequences that decode together.", "1,8,64,256");
        Option<int?> steps = ModelArguments.Positive("--steps", "On a GPU: decoding steps of a figure at batch 1 (200).");
        EngineArguments engines = new();
        Verb command = new("bench",
            "Measure reading (prefill) and writing (decode), in 16 bit and int8, beside the memory bandwidth measured in the same run.",
            """
            rwkvx bench
            rwkvx bench --shape 12x768+0 --json figures.json
            rwkvx bench --device cuda --shape 32x2560+8 --contexts 4096,32768,131072,1048576 --batches 1,8,64,256
            rwkvx bench --device cuda --precision int8 --shape 32x2560+8 --contexts 4096 --batches 1,4
            rwkvx bench --device cuda --state f16 --shape 32x2560+0 --contexts 4096 --batches 64,256
            rwkvx bench --engine torch --device cpu --precision bf16
            rwkvx bench plot figures.json --out figures.svg

            A decoding step reads every weight once, so 100% of the read bandwidth is the most that can be had.
            Without --device cuda or --engine torch it is the managed engine that is measured, also where there is a GPU.
            --engine torch --device cpu measures CPU libtorch in the form that --precision says, f32 or bf16.
            """) { shape, json, contexts, batches, steps, BenchPlotCommand.Create(host) };
        model.AddTo(command);
        engines.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(model.Model) is not null && result.GetValue(shape) is not null)
                result.AddError("--shape: expected none beside --model, found both");
        });
        command.SetAction((result, cancellationToken) =>
        {
            if (result.GetValue(json) is { } figuresPath) OutputFile.Check(figuresPath);
            EngineRequest request = engines.Request(result);
            if (request is { Engine: "torch", Device: "auto" } && new TorchEngineProvider().WhyNot(request with { Device = "cuda" }) is null)
                request = request with { Device = "cuda" };
            if (request.Device.StartsWith("cuda", StringComparison.Ordinal))
            {
                OnDevice(host, request, model, result, result.GetValue(shape), ParseNumbers(result.GetRequiredValue(contexts)), ParseNumbers(result.GetRequiredValue(batches)), result.GetValue(steps) ?? 200, result.GetValue(json), cancellationToken);
                return Task.CompletedTask;
            }

            if (request.StatePrecision != Precision.F32)
                throw new CliException("bench --state f16: expected --device cuda; states on the CPU are f32");
            ModelFileOptions sizes = new() { MobaChunkSize = result.GetValue(model.MobaChunkSize), MobaTopK = result.GetValue(model.MobaTopK) };
            BenchFigures figures = result.GetValue(shape) is { } text
                ? OfShape(host, request, ModelShape.Parse(text)!, sizes, cancellationToken)
                : OfModel(host, request, model, result, cancellationToken);
            ToReport(figures).Write(host);
            if (result.GetValue(json) is { } path) OutputFile.Write(path, () => File.WriteAllBytes(path, figures.ToJson()));
            return Task.CompletedTask;
        });
        return command;
    }

    private static Option<string> Numbers(string name, string description, string fallback)
    {
        Option<string> option = new(name) { Description = description, HelpName = "N,N,…", DefaultValueFactory = _ => fallback };
        option.Validators.Add(value =>
        {
            if (value.Tokens.Count == 1 && !value.Tokens[0].Value.Split(',').All(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
                value.AddError($"{name}: expected whole numbers with commas between, found {value.Tokens[0].Value}");
        });
        return option;
    }

    private static int[] ParseNumbers(string numbers) => [.. numbers.Split(',').Select(n => int.Parse(n, NumberStyles.None, CultureInfo.InvariantCulture))];

    private static void OnDevice(
        CliHost host, EngineRequest request, ModelArguments model, ParseResult result, string? shape, int[] contexts, int[] batches, int steps, string? json, CancellationToken cancellationToken)
    {
        if (request.Engine == "cpu")
            throw new CliException($"bench --device {request.Device}: expected --engine torch or auto, found cpu");
        TorchEngineProvider provider = new();
        if (provider.WhyNot(request) is { } why)
            throw new CliException($"device {request.Device}: {why}");
        using ModelFiles? files = shape is null ? model.Open(result) : null;
        using RandomCheckpoint? random = shape is null ? null : new RandomCheckpoint(ModelShape.Parse(shape)!);
        ModelTensors tensors = files is not null ? ModelTensors.Read(files)
            : ModelTensors.Read(random!, result.GetValue(model.MobaChunkSize) ?? 2048, result.GetValue(model.MobaTopK) ?? 3);
        using CudaModel engine = CudaModel.Load(tensors, TorchEngineProvider.CudaOptions(request));
        DeviceBenchFigures figures = new DeviceBench(host, engine, files?.Name ?? "random weights").Run(contexts, batches, steps, cancellationToken);
        if (json is not null) OutputFile.Write(json, () => File.WriteAllBytes(json, figures.ToJson()));
    }

    private static BenchFigures OfModel(CliHost host, EngineRequest request, ModelArguments model, ParseResult result, CancellationToken cancellationToken)
    {
        using ModelFiles files = model.Open(result);
        return Measure(host, request, files, files.Name, cancellationToken);
    }

    private static BenchFigures OfShape(CliHost host, EngineRequest request, RwkvXConfig config, ModelFileOptions sizes, CancellationToken cancellationToken)
    {
        string path = Path.Combine(Path.GetTempPath(), $"rwkvx-bench-{Guid.NewGuid():n}.safetensors");
        try
        {
            RandomModel.Write(path, config, cancellationToken);
            using ModelFiles files = ModelFiles.Open(path, sizes);
            return Measure(host, request, files, "random weights", cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static BenchFigures Measure(CliHost host, EngineRequest request, ModelFiles files, string name, CancellationToken cancellationToken)
    {
        List<(string Name, IRwkvXModel Model)> engines = [];
        try
        {
            Load(host, request, files, engines);
            return ProgressBar.Run(host, "measuring", 1, report => Measure(engines, name, host.BenchEffort, report, cancellationToken));
        }
        finally
        {
            engines.ForEach(engine => engine.Model.Dispose());
        }
    }

    /// <summary>The managed engine in both forms of its weights, or CPU libtorch in the one asked for.</summary>
    private static void Load(CliHost host, EngineRequest request, ModelFiles files, List<(string Name, IRwkvXModel Model)> engines)
    {
        void Add(string name, EngineRequest asked) => engines.Add((name, host.LoadEngine(files, asked)));
        if (request.Engine == "torch")
        {
            Precision precision = request.Precision ?? Precision.F32;
            Add(precision == Precision.F32 ? "32 bit" : "16 bit", request with { Precision = precision });
            return;
        }

        // Weights that are stored in 8 bits have no 16-bit form.
        bool isInt8 = ModelTensors.Read(files).Head.Type == TensorType.I8;
        if (!isInt8) Add("16 bit", new EngineRequest { Engine = "cpu", Precision = Precision.BF16 });
        Add("int8", new EngineRequest { Engine = "cpu", Precision = Precision.Int8 });
    }

    private static BenchFigures Measure(
        List<(string Name, IRwkvXModel Model)> engines,
        string name,
        BenchEffort effort,
        Action<double> report,
        CancellationToken cancellationToken)
    {
        BenchRun run = new(engines, effort, report, cancellationToken);
        ReadBandwidth bandwidth = new(effort.BandwidthBytes);
        double[] prefill = run.MeasurePrefill();
        (double[] reads, double[][] decodes) = run.MeasureDecode(bandwidth);
        List<BenchContext> contexts = run.MeasureContexts(prefill[0]);
        return new BenchFigures
        {
            Model = name,
            Shape = ModelShape.Of(engines[0].Model.Config),
            Machine = engines[0].Model.Engine.Description,
            ReadBandwidth = BenchRun.Median(reads),
            BestReadBandwidth = reads.Max(),
            ReadThreads = bandwidth.Threads,
            PrefillTokens = effort.PrefillTokens,
            Precisions = [.. engines.Select((engine, i) => Of(engine.Name, engine.Model.Engine.WeightBytes, prefill[i], decodes[i], reads))],
            Contexts = contexts,
            ContextWasRead = run.ContextWasRead,
        };
    }

    private static BenchPrecision Of(string name, long bytes, double prefill, double[] decodes, double[] reads)
    {
        double decode = BenchRun.Median(decodes), achieved = bytes * decode;
        return new BenchPrecision(name, prefill, decode, decodes.Max(), bytes, achieved, achieved / BenchRun.Median(reads));
    }

    private static Report ToReport(BenchFigures figures)
    {
        Report report = new();
        report.Add("model", $"{figures.Model}, {figures.Shape}");
        report.Add("engine", $"{figures.Machine}");
        report.Add("read bandwidth", $"{figures.ReadBandwidth / 1e9:F1} GB/s, best {figures.BestReadBandwidth / 1e9:F1} ({figures.ReadThreads} threads, beyond the caches)");
        foreach (BenchPrecision p in figures.Precisions)
        {
            report.Add($"{p.Precision} prefill", $"{p.PrefillTokensPerSecond:F0} tok/s ({figures.PrefillTokens} tokens)");
            report.Add($"{p.Precision} decode", $"{p.DecodeTokensPerSecond:F1} tok/s, best {p.BestDecodeTokensPerSecond:F1}");
            double rate = p.AchievedBandwidth / 1e9, size = p.WeightBytes / 1e6, share = 100 * p.RatioToFloor;
            report.Add($"{p.Precision} weights read", $"{rate:F1} GB/s ({size:F1} MB a token), {share:F0}% of the read bandwidth");
        }

        if (figures.Int8Ratio is { } ratio) report.Add("int8 over 16 bit", $"{ratio:F2}");
        foreach (BenchContext context in figures.Contexts)
        {
            string note = figures.ContextWasRead || context != figures.Contexts[^1] ? "" : " (repeated pages)";
            report.Add($"decode after {context.Tokens} tokens", $"{context.DecodeMilliseconds:F3} ms{note}");
        }

        if (figures.ContextRatio is { } contexts) report.Add("long over short context", $"{contexts:F2}");
        return report;
    }
}
