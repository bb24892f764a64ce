using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RwkvX.AI.Chat.Requests;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Grammars;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Chat;

/// <summary>A model with its tokenizer, as <see cref="RwkvXOptions"/> ask for it: the one place that chooses an engine.</summary>
internal sealed class LoadedModel : IDisposable
{
    private const int WarmupTokens = 64;

    private readonly RwkvXOptions _options;
    private readonly ModelManifest? _manifest;
    private readonly string _name;
    private readonly ModelFiles _files;

    private LoadedModel(RwkvXOptions options, ModelFiles files, WorldTokenizer tokenizer, IRwkvXModel model, TimeProvider? time)
    {
        _options = options;
        _files = files;
        _manifest = files.Manifest;
        _name = files.Name;
        Tokenizer = tokenizer;
        Model = model;
        Template = options.Template ?? new WorldPromptTemplate();
        Grammars = new GrammarCache(tokenizer, model.Config.VocabSize, EndOfText, Template.AnswerEnd);
        Requests = new RequestQueue(options.MaxActiveRequests, options.MaxQueuedRequests, time ?? TimeProvider.System);
    }

    /// <summary>The engine.</summary>
    public IRwkvXModel Model { get; }

    /// <summary>The model's tokenizer.</summary>
    public WorldTokenizer Tokenizer { get; }

    /// <summary>How messages are written down.</summary>
    public IPromptTemplate Template { get; }

    /// <summary>Grammars compiled so far.</summary>
    public GrammarCache Grammars { get; }

    /// <summary>Lets the requests of all clients over this model in.</summary>
    public RequestQueue Requests { get; }

    /// <summary>Gives the engine's passes.</summary>
    public PassScheduler Scheduler => PassScheduler.For(Model);

    private int EndOfText => _manifest?.EosTokenId ?? WorldTokenizer.EndOfTextId;

    /// <summary>What the model is called.</summary>
    public string ModelId => _options.ModelId ?? _name;

    /// <summary>Opens the files and loads the weights.</summary>
    /// <param name="options">Which model, and how it runs.</param>
    /// <param name="logger">Told what was taken, and why not what; null logs nothing.</param>
    /// <param name="time">Null for the system's clock.</param>
    /// <param name="providers">Makers of engines from the container.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged or not what another says.</exception>
    /// <exception cref="EngineUnavailableException">The engine or device that is asked for cannot run here.</exception>
    public static LoadedModel Load(RwkvXOptions options, ILogger? logger, TimeProvider? time, IEnumerable<IRwkvXEngineProvider>? providers = null)
    {
        ILogger log = logger ?? NullLogger.Instance;
        ModelFiles files = Open(options);
        try
        {
            CheckTemplate(files, options);
            WorldTokenizer tokenizer = LoadTokenizer(files, options);
            IRwkvXModel model = EngineChoice.Load(files, options.EngineRequest, providers, reason => ChatLog.GpuPassedOver(log, reason));
            if (tokenizer.VocabularySize <= model.Config.VocabSize)
            {
                LoadedModel loaded = new(options, files, tokenizer, model, time);
                ChatLog.Loaded(log, loaded.ModelId, model.Engine);
                return loaded;
            }

            model.Dispose();
            throw new CheckpointException(
                files.VocabularyPath ?? files.Name, "vocabulary", $"ids below {model.Config.VocabSize}, the rows of the head", $"{tokenizer.VocabularySize - 1}");
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Runs the first passes, which are slower than all others and teach the scheduler the engine's speed.</summary>
    public async Task WarmAsync(CancellationToken cancellationToken)
    {
        using RwkvXState state = Model.CreateState();
        using ScheduledSequence sequence = Scheduler.Open(_options.LimitsFor(Model.Engine));
        float[] logits = Scheduler.RentLogits();
        await sequence.RunAsync(state, new int[WarmupTokens], default, cancellationToken).ConfigureAwait(false);
        await sequence.RunAsync(state, new int[1], logits, cancellationToken).ConfigureAwait(false);
        Scheduler.ReturnLogits(logits);
        await Task.Run(Grammars.Warm, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A memory over this model.</summary>
    /// <param name="store">Where it keeps conversations where the options do not say; null for this process's memory.</param>
    /// <param name="logger">Null logs nothing.</param>
    public RwkvXMemory NewMemory(IStateStore? store, ILogger? logger) => new(Model, Tokenizer, _options.StateStore ?? store, _options.ToMemoryOptions(Model.Engine, logger));

    /// <summary>What a client over this model needs, with a cache of its own.</summary>
    /// <param name="memory">Its stored conversations; null for a memory of its own.</param>
    /// <param name="logger">Null logs nothing.</param>
    public ChatContext NewContext(RwkvXMemory? memory, ILogger? logger) => new()
    {
        Memory = memory ?? NewMemory(null, logger),
        OwnsMemory = memory is null,
        Tenant = _options.Tenant,
        StoreConversations = _options.StoreConversations,
        Model = Model,
        Tokenizer = Tokenizer,
        Template = Template,
        Grammars = Grammars,
        Cache = new PrefixCache(_options.EffectivePrefixCacheBytes(Model.Engine), Model.Config.MobaChunkSize),
        ModelId = ModelId,
        Defaults = _manifest?.Generation,
        EndOfText = EndOfText,
        Limits = _options.LimitsFor(Model.Engine),
        Requests = Requests,
        MaxUnread = _options.MaxUnreadUpdates,
        ReaderTimeout = _options.ReaderTimeout,
        LogsContent = _options.LogContent,
    };

    /// <summary>Disposes the engine and closes the files.</summary>
    public void Dispose()
    {
        Model.Dispose();
        _files.Dispose();
    }

    private static ModelFiles Open(RwkvXOptions options)
    {
        ModelFileOptions files = new()
        {
            VocabularyPath = options.VocabularyPath,
            MobaChunkSize = options.MobaChunkSize,
            MobaTopK = options.MobaTopK,
        };
        return options.ModelPath is null ? ModelFiles.OpenDefault() : ModelFiles.Open(options.ModelPath, files);
    }

    /// <summary>A model that was trained on another form would answer badly, and nobody would know why.</summary>
    private static void CheckTemplate(ModelFiles files, RwkvXOptions options)
    {
        string known = new WorldPromptTemplate().Name;
        if (options.Template is null && files.Manifest?.Template is { } wanted && wanted != known)
            throw new CheckpointException(files.ManifestPath, "template", $"{known}, or the option Template", TensorShape.Printable(wanted));
    }

    private static WorldTokenizer LoadTokenizer(ModelFiles files, RwkvXOptions options)
    {
        using Stream vocabulary = files.OpenVocabulary()
            ?? throw new CheckpointException(options.ModelPath!, "expected vocab.txt beside the model or the option VocabularyPath, found neither");
        return WorldTokenizer.Load(vocabulary, files.VocabularyPath ?? $"<{files.Name}>/vocab.txt");
    }
}
