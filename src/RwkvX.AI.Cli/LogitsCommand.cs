using System.CommandLine;
using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx logits</c>: what a model computes for given tokens, for comparison with other implementations.</summary>
internal static class LogitsCommand
{
    // Logits of one pass; a longer sequence is run in several, which gives the same bits.
    private const long MaxPassLogits = 1L << 29; // 2 GiB

    public static Command Create(CliHost host)
    {
        ModelArguments model = new();
        model.RequireModel();
        Option<string> tokens = new("--tokens") { Description = "A JSON array of token ids.", HelpName = "FILE.json", Required = true };
        Option<string> output = new("--out") { Description = "Where the tensors go.", HelpName = "FILE.safetensors", Required = true };
        Option<string> schedule = new("--schedule")
        {
            Description = "How the tokens are fed: all at once, one by one, or in pieces of N.",
            HelpName = "sequence|step|split:N",
            DefaultValueFactory = _ => "sequence",
        };
        schedule.Validators.Add(value =>
        {
            if (value.Tokens.Count == 1 && Schedule.Parse(value.Tokens[0].Value) is null)
                value.AddError($"--schedule: expected sequence, step or split:N with N of at least 1, found {value.Tokens[0].Value}");
        });
        EngineArguments engines = new(fallback: "f32");
        Verb command = new("logits",
            "Run tokens through a model and write the logits after each token, (T, V), and the state after the last, all as F32.",
            """
            echo '[1, 2, 3]' > tokens.json
            rwkvx logits --model my-model --tokens tokens.json --out logits.safetensors --schedule split:16

            The state's tensors are named state.rwkv.{i}.att_x_prev|wkv|ffn_x_prev and state.moba.{i}.key|value|ffn_x_prev.
            """) { tokens, output, schedule };
        model.AddTo(command);
        engines.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            string path = result.GetRequiredValue(output);
            OutputFile.Check(path);
            using ModelFiles files = model.Open(result);
            using IRwkvXModel engine = host.LoadEngine(files, engines.Request(result));
            int[] ids = ReadTokens(result.GetRequiredValue(tokens), engine.Config.VocabSize);
            Schedule pieces = Schedule.Parse(result.GetRequiredValue(schedule))!.Value;
            ProgressBar.Run(host, "computing", ids.Length, report => Write(engine, ids, pieces, path, report, cancellationToken));
            host.Out.WriteLine($"{path}: logits ({ids.Length}, {engine.Config.VocabSize}) and the state after {ids.Length} tokens");
            return Task.CompletedTask;
        });
        return command;
    }

    private static int[] ReadTokens(string path, int vocabSize)
    {
        int[] ids = JsonFile.ReadIds(path);
        if (ids.Length == 0) throw new CliException($"{path}: expected at least one token, found none");
        int wrong = Array.FindIndex(ids, id => id < 0 || id >= vocabSize);
        if (wrong < 0) return ids;
        throw new CliException($"{path}: item {wrong}: expected a token from 0 to {vocabSize - 1}, found {ids[wrong]}");
    }

    /// <summary>Computes while it writes, so that no more than one pass's logits are in memory.</summary>
    private static int Write(
        IRwkvXModel engine, int[] ids, Schedule pieces, string path, Action<double> report, CancellationToken cancellationToken)
    {
        int v = engine.Config.VocabSize;
        int length = (int)Math.Min(Math.Min(pieces.PieceLength, ids.Length), Math.Max(1, MaxPassLogits / v));
        using RwkvXState state = engine.CreateState();
        TensorSource logits = new("logits", TensorType.F32, [ids.Length, v], stream =>
        {
            float[] rows = new float[length * v];
            for (int start = 0; start < ids.Length; start += length)
            {
                int count = Math.Min(length, ids.Length - start);
                engine.Forward(state, ids.AsMemory(start, count), rows.AsMemory(0, count * v), cancellationToken);
                stream.Write(MemoryMarshal.AsBytes(rows.AsSpan(0, count * v)));
                report(start + count);
            }
        });
        IEnumerable<TensorSource> states = StateTensors.Of(engine.Config, ids.Length, () => engine.Export(state));
        OutputFile.Write(path, () => SafetensorsWriter.Write(path, [logits, .. states], cancellationToken: cancellationToken));
        return ids.Length;
    }
}
