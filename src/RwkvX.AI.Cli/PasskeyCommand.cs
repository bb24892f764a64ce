using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx passkey</c>: how often a model finds a number hidden in a long text.</summary>
internal static class PasskeyCommand
{
    public static Command Create(CliHost host)
    {
        ModelArguments model = new();
        Option<int?> tokens = ModelArguments.Positive("--tokens", "Length of the prompt.");
        Option<int?> samples = ModelArguments.Positive("--samples", "Numbers hidden at each depth.");
        Option<int?> depths = ModelArguments.Positive("--depths", "Places of the number in the text, evenly spread (5).");
        Option<int> seed = new("--seed") { Description = "Decides the numbers.", HelpName = "N", DefaultValueFactory = _ => 1 };
        tokens.Required = samples.Required = true;
        Verb command = new("passkey",
            "Hide numbers in a long text, ask for them, and count the right answers: the published RWKV-X passkey prompt, decoded greedily.",
            """
            rwkvx passkey --tokens 64000 --samples 4 --depths 5 --seed 1

            This asks for 20 numbers: 4 at each of 5 depths.
            """) { tokens, samples, depths, seed };
        model.AddTo(command);
        EngineArguments engines = new();
        engines.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            using ModelFiles files = model.Open(result);
            WorldTokenizer tokenizer = ModelArguments.OpenTokenizer(files);
            using IRwkvXModel engine = host.LoadEngine(files, engines.Request(result));
            int n = result.GetValue(tokens)!.Value, perDepth = result.GetValue(samples)!.Value, places = result.GetValue(depths) ?? 5;
            Run(host, engine, tokenizer, n, places, perDepth, result.GetValue(seed), cancellationToken);
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Run(
        CliHost host,
        IRwkvXModel engine,
        WorldTokenizer tokenizer,
        int tokens,
        int depths,
        int samples,
        int seed,
        CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        List<string> rows = [];
        List<PasskeyTask.Sample> all = ProgressBar.Run(host, "reading", PasskeyTask.EstimateTokens(tokens, depths, samples), report =>
        {
            PasskeyTask task = new(engine, tokenizer) { Progress = done => report(done) };
            List<PasskeyTask.Sample> done = [];
            foreach (PasskeyTask.Sample sample in task.Run(tokens, depths, samples, seed, cancellationToken))
            {
                done.Add(sample);
                if (done.Count % samples == 0) AddRow(host, rows, done[^samples..]);
            }

            return done;
        });
        if (host.IsErrorTerminal) rows.ForEach(host.Out.WriteLine);
        host.Out.WriteLine(FormattableString.Invariant($"time: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s"));
        host.Out.WriteLine($"passkey {tokens} tokens: {all.Count(sample => sample.IsRight)} of {all.Count}");
    }

    /// <summary>One depth's row, at once where no bar is drawn over it.</summary>
    private static void AddRow(CliHost host, List<string> rows, List<PasskeyTask.Sample> depth)
    {
        string answers = string.Join(
            ", ", depth.Select(sample => sample.IsRight ? sample.Key : $"{sample.Key} (answered '{sample.Answer}')"));
        int right = depth.Count(sample => sample.IsRight);
        string row = string.Create(CultureInfo.InvariantCulture, $"depth {100 * depth[0].Depth:F0}%: {right} of {depth.Count}: {answers}");
        rows.Add(row);
        if (!host.IsErrorTerminal) host.Out.WriteLine(row);
    }
}
