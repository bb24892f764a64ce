using System.CommandLine;
using System.Globalization;
using RwkvX.AI.Models;
using RwkvX.AI.Training.Benchmarks;
using TorchSharp;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx train bench</c>: how long a training step takes, and what in it.</summary>
internal static class TrainBenchCommand
{
    public static Command Create(CliHost host)
    {
        Option<string> shape = new("--shape") { Description = "L RWKV layers of width C, and M sparse layers; random weights.", HelpName = "LxC+M", Required = true };
        shape.Validators.Add(value =>
        {
            if (value.Tokens.Count == 1 && ModelShape.Parse(value.Tokens[0].Value) is null)
                value.AddError($"--shape: expected LxC+M with C a multiple of 64 and M a divisor of L, such as 12x256+3, found {value.Tokens[0].Value}");
        });
        Option<int?> length = ModelArguments.Positive("--length", "Tokens in a sequence (4096)."), batch = ModelArguments.Positive("--batch", "Sequences in a step (1).");
        Option<int?> steps = ModelArguments.Positive("--steps", "Steps, and repetitions of each operator; medians count (10).");
        Option<int?> vocabulary = ModelArguments.Positive("--vocab-size", "Rows of the embedding and of the head (4096).");
        Option<int?> chunk = ModelArguments.Positive("--moba-chunk-size", "Tokens in a chunk of keys (64)."), topK = ModelArguments.Positive("--moba-topk", "Chunks that a query attends to (8).");
        Option<string> precision = new("--precision") { Description = "Of matrix products.", HelpName = "f32|bf16", DefaultValueFactory = _ => "bf16" };
        precision.AcceptOnlyFromAmong("f32", "bf16");
        Option<string> device = TrainCommand.DeviceOption();
        Option<double> recompute = new("--recompute-share") { Description = "Share of the layers of which only the input is kept, and the rest computed again on the way back: 0 to 1.", HelpName = "SHARE" };
        recompute.Validators.Add(value =>
        {
            if (value.GetValueOrDefault<double>() is not (>= 0 and <= 1)) value.AddError($"--recompute-share: expected 0 to 1, found {value.Tokens[0].Value}");
        });
        Option<bool> noOptimizer = new("--no-optimizer") { Description = "Leave the optimizer out, whose moments are twice the parameters in memory: for large shapes." };
        Option<string?> json = new("--json") { Description = "Where the figures go as JSON, too.", HelpName = "FILE" };
        Verb command = new("bench",
            "Measure a training step of a random model, beside the peak of a large matrix product in the same run, and each of its operators alone.",
            """
            rwkvx train bench --shape 12x256+3 --length 4096 --batch 12 --device cuda --json figures.json
            rwkvx train bench --shape 32x2560+8 --no-optimizer --recompute-share 0.1 --device cuda          # 3.6B in 80 GB: without 29 GB of moments
            RWKVX_TRAIN_PLAIN=1 rwkvx train bench --shape 12x256+3 --length 4096 --batch 12 --device cuda   # without our kernels
            """) { shape, length, batch, steps, vocabulary, chunk, topK, precision, device, recompute, noOptimizer, json };
        command.SetAction((result, cancellationToken) =>
        {
            if (result.GetValue(json) is { } path) OutputFile.Check(path);
            torch.Device place = TrainCommand.OpenDevice(result.GetRequiredValue(device));
            RwkvXConfig config = ModelShape.Parse(result.GetRequiredValue(shape))! with
            {
                VocabSize = result.GetValue(vocabulary) ?? 4096,
                MobaChunkSize = result.GetValue(chunk) ?? 64,
                MobaTopK = result.GetValue(topK) ?? 8,
            };
            StepBenchOptions options = new()
            {
                Config = config,
                Length = result.GetValue(length) ?? 4096,
                Batch = result.GetValue(batch) ?? 1,
                Steps = result.GetValue(steps) ?? 10,
                Compute = result.GetRequiredValue(precision) == "bf16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
                RecomputeShare = result.GetValue(recompute),
                Optimizer = !result.GetValue(noOptimizer),
                Device = place,
            };
            using StepBench bench = new(options);
            StepBenchFigures figures = bench.Run(cancellationToken);
            Write(host, options, figures);
            if (result.GetValue(json) is { } file) OutputFile.Write(file, () => File.WriteAllBytes(file, TrainBenchJson.Bytes(figures)));
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Write(CliHost host, StepBenchOptions options, StepBenchFigures figures)
    {
        Report report = new();
        report.Add("model", $"{ModelShape.Of(options.Config)}, {figures.Parameters / 1e6:F2}M parameters, {options.Compute}");
        report.Add("step", $"{figures.Batch} x {figures.Length} tokens");
        report.Add("forward and backward", $"{figures.GradientSeconds * 1e3:F2} ms");
        if (options.Optimizer) report.Add("optimizer", $"{figures.OptimizerSeconds * 1e3:F2} ms");
        report.Add("speed", $"{figures.TokensPerSecond:F0} tok/s");
        report.Add("share of the peak", $"{100 * figures.PeakShare:F2}% ({figures.ModelFlops / 1e12:F2} of {figures.PeakFlops / 1e12:F2} TFLOP/s, a product of {options.PeakSize} cubed; without the optimizer)");
        report.Add("memory", $"{figures.PeakBytes / 1e9:F2} GB");
        report.Write(host);
        double step = figures.GradientSeconds;
        string Share(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{100 * seconds / step,6:F1}%");
        host.Out.WriteLine();
        host.Out.WriteLine($"{"operator, alone",-38} {"forward",10} {"backward",10} {"times",6} {"of a step",10}");
        foreach (OperatorTime time in figures.Operators)
        {
            string often = time.Count > 0 ? $"{time.Count}" : "";
            host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.Name,-38} {time.ForwardSeconds * 1e3,7:F3} ms {time.BackwardSeconds * 1e3,7:F3} ms {often,6} {(time.Count > 0 ? Share(time.StepSeconds) : ""),10}"));
        }

        host.Out.WriteLine($"{"all that are counted",-66} {Share(figures.Operators.Sum(time => time.StepSeconds)),11}");
    }
}
