using System.CommandLine;
using System.Globalization;
using RwkvX.AI.Training.Distributed;
using RwkvX.AI.Training.Plans;
using RwkvX.AI.Training.Runs;
using TorchSharp;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx train run</c>: follows a plan.</summary>
internal static class TrainRunCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> plan = new("PLAN") { Description = "The plan, a JSON file; docs/training.md describes it." };
        Option<string> output = new("--out") { Description = "Where checkpoints, figures and the model go; a checkpoint found there is continued exactly.", HelpName = "FOLDER", Required = true };
        Option<string> device = TrainCommand.DeviceOption();
        Option<int?> devices = ModelArguments.Positive("--devices", "CUDA devices that take the accumulated batches of each step in turn, each in a process of its own (1).");
        Option<int> rank = new("--rank") { Hidden = true };
        Verb command = new("run",
            "Train a model by a plan of stages. Interrupt it at any time: the same command goes on where it stopped.",
            """
            rwkvx train run plan.json --out runs/one --device cuda
            rwkvx train run plan.json --out runs/one --device cuda --devices 4

            Writes checkpoint.safetensors, steps.csv, TensorBoard events and, at the end, the model directory 'model'.
            """) { plan, output, device, devices, rank };
        command.SetAction((result, cancellationToken) =>
        {
            string place = result.GetRequiredValue(device);
            string path = Path.GetFullPath(result.GetRequiredValue(plan)), folder = result.GetRequiredValue(output);
            var read = TrainingPlan.Read(path);
            int count = result.GetValue(devices) ?? 1, number = result.GetValue(rank);
            if (count > 1 && place != "cuda") throw new CliException($"--devices: expected --device cuda, found {place}");
            read.ValidateFor(count);
            torch.Device opened = TrainCommand.OpenDevice(place);
            Trainer Open(IProcessGroup group) => new(read, Path.GetDirectoryName(path)!, folder, opened, group);
            if (number > 0)
            {
                Follow(Open, number, count);
                return Task.CompletedTask;
            }

            using TrainingProcesses? others = count == 1 ? null : new(["train", "run", path, "--out", folder, "--device", place, "--devices", $"{count}"], count);
            using Trainer trainer = Open(others?.Group ?? (IProcessGroup)new SingleProcess());
            Run(host, read, folder, trainer, cancellationToken);
            return Task.CompletedTask;
        });
        return command;
    }

    /// <summary>Trains as one of the other processes of a run over several devices.</summary>
    private static void Follow(Func<IProcessGroup, Trainer> open, int number, int count)
    {
        using NcclProcessGroup group = TrainingProcesses.Join(number, count);
        try
        {
            using Trainer trainer = open(group);
            trainer.Run(CancellationToken.None); // the first process says when to stop
        }
        catch (Exception e)
        {
            group.Abort(e.Message);
            throw;
        }
    }

    private static void Run(CliHost host, TrainingPlan plan, string folder, Trainer trainer, CancellationToken cancellationToken)
    {
        long total = plan.Stages.Sum(stage => stage.Tokens);
        host.Out.WriteLine(FormattableString.Invariant($"{trainer.Model.ParameterCount / 1e6:f2}M parameters, {total / 1e6:f1}M tokens, from step {trainer.Progress.Step}"));
        bool done = ProgressBar.Run(host, "training", total, report =>
        {
            int since = 0;
            trainer.Stepped = figures =>
            {
                report(figures.Progress.Tokens);
                if (figures.Skipped is { } reason) host.Out.WriteLine($"step {figures.Progress.Step} skipped: {reason}");
                if (host.IsErrorTerminal || since++ % 20 != 0) return;
                host.Out.WriteLine(Line(figures));
            };
            return trainer.Run(cancellationToken);
        });
        trainer.Export(Path.Combine(folder, "model"));
        if (trainer.Progress.Step > 0) RwkvX.AI.Evaluation.Reports.LossPlot.WriteTraining(Path.Combine(folder, "loss.svg"), Path.Combine(folder, "steps.csv"));
        host.Out.WriteLine($"{(done ? "done" : "stopped, to be continued")} at step {trainer.Progress.Step}; the model is in {Path.Combine(folder, "model")}");
    }

    private static string Line(StepFigures figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {figures.Progress.Step} {figures.StageName} tokens {figures.Progress.Tokens / 1e6:f2}M loss {figures.Loss:f4} lr {figures.LearningRate:g3} norm {figures.GradientNorm:f3} {figures.TokensPerSecond:f0} tok/s");
}
