using System.CommandLine;
using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Training;
using RwkvX.AI.Training.Losses;
using RwkvX.AI.Training.Models;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx train gradients</c>: losses of one sequence and the norms of their gradients, for comparison with other implementations.</summary>
internal static class TrainGradientsCommand
{
    public static Command Create(CliHost host)
    {
        ModelArguments model = new();
        model.RequireModel();
        Option<string> tokens = new("--tokens") { Description = "A JSON array of token ids.", HelpName = "FILE.json", Required = true };
        Option<string> targets = new("--targets") { Description = "As many ids: what should follow each token.", HelpName = "FILE.json", Required = true };
        Option<string> output = new("--out") { Description = "Where the figures go.", HelpName = "FILE.json", Required = true };
        Option<string?> longce = new("--longce")
        {
            Description = "Computes LongCE too: context of the short runs, tokens that each weights, largest weight.",
            HelpName = "TRUNC,INTERVAL,THRESHOLD",
        };
        Verb command = new("gradients",
            "Run one sequence forward and backward in single precision and write its cross entropy and the norm of every parameter's gradient.",
            """
            rwkvx train gradients --model my-model --tokens tokens.json --targets targets.json --out gradients.json --longce 4096,1024,5

            Writes {"cross_entropy": …, "longce": … or null, "grad_norms": {"name": …}}; the gradients are those of the mean cross entropy.
            """) { model.Model, tokens, targets, output, longce, model.MobaChunkSize, model.MobaTopK };
        model.Vocabulary.Hidden = true;
        command.Add(model.Vocabulary);
        command.SetAction(result =>
        {
            LongCrossEntropyOptions? options = ParseLongCrossEntropy(result.GetValue(longce));
            int[] ids = JsonFile.ReadIds(result.GetRequiredValue(tokens)), next = JsonFile.ReadIds(result.GetRequiredValue(targets));
            TrainCommand.LoadLibTorch();
            using ModelFiles files = model.Open(result);
            using var trainable = TrainableModel.Load(files);
            GradientReport report = GradientReport.Compute(trainable, ids, next, options);
            string path = result.GetRequiredValue(output);
            Write(path, report);
            host.Out.WriteLine(FormattableString.Invariant($"{path}: cross entropy {report.CrossEntropy:g9}, {report.Gradients.Count} gradient norms"));
        });
        return command;
    }

    private static LongCrossEntropyOptions? ParseLongCrossEntropy(string? text)
    {
        try
        {
            return text is null ? null : LongCrossEntropyOptions.Parse(text);
        }
        catch (FormatException e)
        {
            throw new CliException($"--longce: {e.Message}", e);
        }
    }

    private static void Write(string path, GradientReport report)
    {
        using FileStream file = File.Create(path);
        using Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("cross_entropy", report.CrossEntropy);
        if (report.LongCrossEntropy is { } weighted) json.WriteNumber("longce", weighted);
        else json.WriteNull("longce");
        json.WriteStartObject("grad_norms");
        foreach ((string name, double norm) in report.Norms()) json.WriteNumber(name, norm);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
