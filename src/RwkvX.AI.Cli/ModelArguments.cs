using System.CommandLine;
using RwkvX.AI.Chat;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Cli;

/// <summary>The flags that say which model to run; the same in every verb.</summary>
internal sealed class ModelArguments
{
    private const string ModelDescription = "A model directory (model.safetensors or model.pth) or such a file; config.json and vocab.txt beside it are used.";

    /// <summary>The model; null for the embedded one, where the verb allows that.</summary>
    public Option<string?> Model { get; } = new("--model") { Description = $"{ModelDescription} Without it: the small model that comes with the tool.", HelpName = "PATH" };

    /// <summary>The vocabulary instead of the one beside the model.</summary>
    public Option<string?> Vocabulary { get; } = new("--vocab")
    {
        Description = "A vocabulary in the World format instead of vocab.txt beside the model.",
        HelpName = "FILE",
    };

    /// <summary>Overrides config.json.</summary>
    public Option<int?> MobaChunkSize { get; } = Positive(
        "--moba-chunk-size", "Tokens in a chunk of the sparse attention, instead of what config.json says (2048 without one).", ModelFiles.MaxChunkSize);

    /// <summary>Overrides config.json.</summary>
    public Option<int?> MobaTopK { get; } = Positive(
        "--moba-topk", "Chunks that a token attends to, its own included, instead of what config.json says (3 without one).", ModelFiles.MaxTopK);

    /// <summary>Makes <see cref="Model"/> one that must be given.</summary>
    public void RequireModel() => (Model.Required, Model.Description) = (true, ModelDescription);

    /// <summary>Adds all flags to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(Model);
        command.Add(Vocabulary);
        command.Add(MobaChunkSize);
        command.Add(MobaTopK);
    }

    /// <summary>Opens the model that the flags name.</summary>
    public ModelFiles Open(ParseResult result) => Open(result, result.GetValue(Model));

    /// <summary>Opens a model with the other flags applied.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="path">The model; null for the embedded one.</param>
    public ModelFiles Open(ParseResult result, string? path)
    {
        if (path is not null) return ModelFiles.Open(path, Options(result));
        RefuseOverrides(result);
        return ModelFiles.OpenDefault();
    }

    /// <summary>The same choices for a chat client, which opens the model itself.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="engine">What calculates; null leaves it to the options.</param>
    public RwkvXOptions ToChatOptions(ParseResult result, EngineRequest? engine = null)
    {
        engine ??= new EngineRequest();
        RwkvXOptions options = new()
        {
            Engine = engine.Engine,
            Device = engine.Device,
            Precision = engine.Precision,
            StatePrecision = engine.StatePrecision,
            LibTorchPath = engine.LibTorchPath,
        };
        Configure(result, options);
        return options;
    }

    /// <summary>The same choices for a container that makes the chat client.</summary>
    public void Configure(ParseResult result, RwkvXOptions options)
    {
        string? path = result.GetValue(Model);
        if (path is null) RefuseOverrides(result);
        else if (!Path.Exists(path)) throw new CliException($"--model: expected a model directory or file, found nothing at '{path}'");
        options.ModelPath = path;
        options.VocabularyPath = result.GetValue(Vocabulary);
        options.MobaChunkSize = result.GetValue(MobaChunkSize);
        options.MobaTopK = result.GetValue(MobaTopK);
    }

    /// <summary>Loads the model's vocabulary.</summary>
    /// <exception cref="CliException">The model has none.</exception>
    public static WorldTokenizer OpenTokenizer(ModelFiles files)
    {
        using Stream vocabulary = files.OpenVocabulary()
            ?? throw new CliException($"{files.Checkpoint.Path}: expected vocab.txt beside it or --vocab FILE, found neither");
        return WorldTokenizer.Load(vocabulary, files.VocabularyPath ?? $"<{files.Name}>/vocab.txt");
    }

    /// <summary>A flag that takes a whole number of at least one.</summary>
    /// <param name="name">The flag.</param>
    /// <param name="description">What it does.</param>
    /// <param name="max">The highest number allowed.</param>
    public static Option<int?> Positive(string name, string description, int max = int.MaxValue)
    {
        Option<int?> option = new(name) { Description = description, HelpName = "N" };
        option.Validators.Add(value =>
        {
            if (value.Tokens.Count == 1 && int.TryParse(value.Tokens[0].Value, out int n) && (n < 1 || n > max))
                value.AddError($"{name}: expected {(max == int.MaxValue ? "at least 1" : $"1 to {max}")}, found {n}");
        });
        return option;
    }

    /// <summary>The precision by its name on the command line.</summary>
    public static Precision ParsePrecision(string name) => name switch
    {
        "f32" => Models.Precision.F32,
        "bf16" => Models.Precision.BF16,
        "f16" => Models.Precision.F16,
        "int8" => Models.Precision.Int8,
        "fp8" => Models.Precision.Fp8,
        _ => throw new CliException($"--precision: expected f32, bf16, f16, int8 or fp8, found {name}"),
    };

    /// <summary>The embedded model is as it was trained.</summary>
    private void RefuseOverrides(ParseResult result)
    {
        foreach (Option option in (Option[])[Vocabulary, MobaChunkSize, MobaTopK])
        {
            if (result.GetResult(option) is { Implicit: false })
                throw new CliException($"{option.Name}: expected --model PATH with it, found none");
        }
    }

    private ModelFileOptions Options(ParseResult result) => new()
    {
        VocabularyPath = result.GetValue(Vocabulary),
        MobaChunkSize = result.GetValue(MobaChunkSize),
        MobaTopK = result.GetValue(MobaTopK),
    };
}
