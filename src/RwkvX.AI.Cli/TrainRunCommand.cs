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
        Option<string> device = new("--device") { Description = "Where to compute.", HelpName = "cpu|cuda", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
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
            bool cuda = result.GetRequiredValue(device) == "cuda";
            string path = Path.GetFullPath(result.GetRequiredValue(plan)), folder = result.GetRequiredValue(output);
            var read = TrainingPlan.Read(path);
            int count = result.GetValue(devices) ?? 1, number = result.GetValue(rank);
            if (count > 1 && !cuda) throw new CliException("--devices: expected --device cuda, found cpu");
            read.ValidateFor(count);
            TrainCommand.LoadLibTorch(cuda);
            if (cuda && !torch.cuda.is_available()) throw new CliException("--device cuda: expected a CUDA device, found none");
            Func<IProcessGroup, Trainer> open = group => new Trainer(read, Path.GetDirectoryName(path)!, folder, cuda ? torch.CUDA : torch.CPU, group);
            if (count == 1)
            {
                Run(host, read, folder, () => open(new SingleProcess()), cancellationToken);
            }
            else if (number == 0)
            {
                if (count > torch.cuda.device_count()) throw new CliException($"--devices: expected at most {torch.cuda.device_count()}, the CUDA devices of this machine, found {count}");
                using TrainingProcesses processes = new(["train", "run", path, "--out", folder, "--device", "cuda", "--devices", $"{count}"], count);
                Run(host, read, folder, () => open(processes.Group), cancellationToken);
            }
            else
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

            return Task.CompletedTask;
        });
        return command;
    }

    private static void Run(CliHost host, TrainingPlan plan, string folder, Func<Trainer> open, CancellationToken cancellationToken)
    {
        using Trainer trainer = open();
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
