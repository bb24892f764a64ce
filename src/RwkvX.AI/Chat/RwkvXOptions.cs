using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Chat;

/// <summary>Which model runs, on what, and how much it may keep.</summary>
public sealed class RwkvXOptions
{
    /// <summary>A model directory (<c>model.safetensors</c> or <c>model.pth</c>) or such a file; null for the small embedded model.</summary>
    public string? ModelPath { get; set; }

    /// <summary>The vocabulary, in the World format; null for <c>vocab.txt</c> beside the model.</summary>
    public string? VocabularyPath { get; set; }

    /// <summary>What the model is called in metadata and responses; null for the name of its files.</summary>
    public string? ModelId { get; set; }

    /// <summary>Tokens in a chunk of the sparse attention; null for what config.json says, or 2,048.</summary>
    [Range(1, 1 << 20)]
    public int? MobaChunkSize { get; set; }

    /// <summary>Chunks that a query attends to; null for what config.json says, or 3.</summary>
    [Range(1, 1 << 16)]
    public int? MobaTopK { get; set; }

    /// <summary>The form of the weights; null for the checkpoint's own.</summary>
    [EnumDataType(typeof(Precision))]
    public Precision? Precision { get; set; }

    /// <summary>
    /// The form of the matrices of recurrent states between passes, on a GPU alone: F16 halves their memory and the bytes that they cost a step, for a little exactness.
    /// Arithmetic, exports and stores stay F32. An engine that does not have it is an error, also where <see cref="Device"/> is <c>auto</c>.
    /// </summary>
    [AllowedValues(Models.Precision.F32, Models.Precision.F16)]
    public Precision StatePrecision { get; set; } = Models.Precision.F32;

    /// <summary>Threads that calculate; 0 for one a core.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>
    /// Where the model runs: <c>auto</c>, <c>cpu</c>, <c>cuda</c> (the first GPU) or <c>cuda:N</c>. A GPU needs the package RwkvX.AI.Torch in the
    /// application; <c>auto</c> takes one where it can, and logs what it took and why.
    /// </summary>
    [Required]
    [RegularExpression("auto|cpu|cuda(:[0-9]{1,3})?", ErrorMessage = "Device: expected auto, cpu, cuda or cuda:N")]
    public string Device { get; set; } = "auto";

    /// <summary>What calculates: <c>auto</c>, <c>cpu</c> (the managed engine) or <c>torch</c> (the package RwkvX.AI.Torch, on a GPU or on CPU libtorch).</summary>
    [Required]
    [AllowedValues("auto", "cpu", "torch")]
    public string Engine { get; set; } = "auto";

    /// <summary>The <c>torch/lib</c> folder of an existing Python install, for <c>torch</c>; null for the variable RWKVX_LIBTORCH, or the application's own package.</summary>
    public string? LibTorchPath { get; set; }

    /// <summary>The most device memory that pages of keys and values may take, in bytes; null for what the device has.</summary>
    [Range(0d, 1L << 50)]
    public long? DevicePageBytes { get; set; }

    /// <summary>
    /// Bytes of states that are kept at message borders, so that a conversation goes on where it was; 0 keeps none, null a quarter of the
    /// memory that the process may use, or half of what a GPU has left. A state that does not fit is logged as a warning: the next turn then computes everything again.
    /// </summary>
    [Range(0d, 1L << 50)]
    public long? PrefixCacheBytes { get; set; }

    /// <summary>
    /// Bytes of memory for the pages of all conversations; null for no bound. What does not fit lies in a page file on disk and is read from there
    /// when it is chosen: nothing is forgotten, and answers do not depend on it.
    /// </summary>
    [Range(0d, 1L << 50)]
    public long? PageMemoryBytes { get; set; }

    /// <summary>The folder of the page file, which belongs to this process alone and goes with it; null for the folder of temporary files.</summary>
    public string? PageFolder { get; set; }

    /// <summary>Tokens of a prompt in one pass, at most; null for what the engine likes, <see cref="EngineInfo.PrefillSpan"/>.</summary>
    [Range(1, 1 << 20)]
    public int? PrefillSpan { get; set; }

    /// <summary>
    /// How long a pass with tokens of prompts may hold up streams that are being written: prompts are cut into spans that take no longer, by the
    /// speed measured. Where the streams' own steps need most of it, prompts still get half as long as those. From 1 ms to 1 minute.
    /// </summary>
    public TimeSpan MaxStall { get; set; } = PassLimits.DefaultMaxStall;

    /// <summary>
    /// Whether a request without a <see cref="Microsoft.Extensions.AI.ChatOptions.ConversationId"/> begins a stored conversation, whose id comes
    /// back with the answer; <c>AdditionalProperties["rwkvx.store"]</c> decides for one request.
    /// </summary>
    public bool StoreConversations { get; set; }

    /// <summary>Whose requests these are where <c>AdditionalProperties["rwkvx.tenant"]</c> does not say: a tenant never meets another's conversations.</summary>
    [Required]
    public string Tenant { get; set; } = "default";

    /// <summary>Where conversations are stored; null for the container's <see cref="IStateStore"/>, or else this process's memory. Outlives the client.</summary>
    public IStateStore? StateStore { get; set; }

    /// <summary>
    /// Bytes of states of stored conversations that stay with the engine between turns; null for an eighth of the memory that the process may use, or
    /// a quarter of what a GPU has left.
    /// </summary>
    [Range(0d, 1L << 50)]
    public long? ResidentBytes { get; set; }

    /// <summary>
    /// Bytes of main memory for such states that had to leave a GPU, so that they come back without the store; null for an eighth of the memory that
    /// the process may use, and none where the engine's states are in main memory already.
    /// </summary>
    [Range(0d, 1L << 50)]
    public long? HostBytes { get; set; }

    /// <summary>A stored conversation's state is written once this many tokens were logged since the last time; reopening replays fewer than these.</summary>
    [Range(1, 1 << 20)]
    public int SnapshotTokens { get; set; } = 128;

    /// <summary>
    /// What becomes of a stored conversation's pages as it grows. A budget drops the least used ones for good, says so in metadata and statistics, and
    /// needs an engine that can: the CPU's, page by page, or the CUDA engine, a chunk in all layers at once.
    /// </summary>
    [Required]
    public RetentionPolicy Retention { get; set; } = RetentionPolicy.KeepAll;

    /// <summary>What happens where a stored conversation is in another turn already.</summary>
    [EnumDataType(typeof(LeaseMode))]
    public LeaseMode Writers { get; set; } = LeaseMode.Wait;

    /// <summary>Requests that run at once; their steps go through the model together, and each holds a state.</summary>
    [Range(1, 1 << 16)]
    public int MaxActiveRequests { get; set; } = 64;

    /// <summary>Requests that may wait beyond those; more are refused with a <see cref="RwkvXOverloadedException"/>.</summary>
    [Range(0, 1 << 20)]
    public int MaxQueuedRequests { get; set; } = 256;

    /// <summary>Updates of a streamed answer that its reader may be behind; then the answer waits, and other requests run in its place.</summary>
    [Range(1, 1 << 20)]
    public int MaxUnreadUpdates { get; set; } = 1024;

    /// <summary>How long a reader that is so far behind may take nothing before its request ends with a <see cref="TimeoutException"/>. From 1 second to 1 day.</summary>
    public TimeSpan ReaderTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether messages and answers are logged (at the level Debug). Otherwise the log has counts and names, never what was said.</summary>
    public bool LogContent { get; set; }

    /// <summary>How messages are written down; null for the World form.</summary>
    public IPromptTemplate? Template { get; set; }

    /// <summary>Whether a host loads the model when it starts; otherwise the first request does.</summary>
    public bool LoadAtStart { get; set; } = true;

    /// <summary>Where in the configuration these options are looked for; null for options made by hand.</summary>
    internal string? ConfigurationPath { get; set; }

    /// <summary>The engine that is asked for.</summary>
    internal EngineRequest EngineRequest => new()
    {
        Engine = Engine,
        Device = Device,
        Precision = Precision,
        StatePrecision = StatePrecision,
        Threads = Threads,
        LibTorchPath = LibTorchPath,
        DevicePageBytes = DevicePageBytes,
        CountLooks = Retention.PageBytes is not null,
        PageMemoryBytes = PageMemoryBytes,
        PageFolder = PageFolder,
    };

    /// <summary>The budget that <see cref="PrefixCacheBytes"/> stands for.</summary>
    internal long EffectivePrefixCacheBytes(EngineInfo engine) =>
        PrefixCacheBytes ?? engine.DeviceStateBytes / 2 ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <summary>The two of them that the scheduler needs.</summary>
    internal PassLimits LimitsFor(EngineInfo engine) => new() { PrefillSpan = PrefillSpan ?? engine.PrefillSpan, MaxStall = MaxStall };

    /// <summary>Those of them that a memory needs.</summary>
    internal RwkvXMemoryOptions ToMemoryOptions(EngineInfo engine, ILogger? logger) => new()
    {
        Template = Template,
        ResidentBytes = ResidentBytes,
        HostBytes = HostBytes,
        Writers = Writers,
        SnapshotTokens = SnapshotTokens,
        Retention = Retention,
        Limits = LimitsFor(engine),
        Logger = logger,
    };

    /// <summary>What messages call an option: its key in the configuration, if it is looked for there.</summary>
    internal string Key(string option) => ConfigurationPath is null ? option : $"{ConfigurationPath}:{option}";

    /// <summary>Checks every option at once, for clients made by hand.</summary>
    internal void Validate()
    {
        IValidateOptions<RwkvXOptions>[] validators = [new RwkvXOptionsValidator(), new RwkvXPathsValidator()];
        string[] failures = [.. validators.SelectMany(validator => validator.Validate(name: null, this).Failures ?? [])];
        if (failures.Length > 0)
        {
            throw new OptionsValidationException(nameof(RwkvXOptions), typeof(RwkvXOptions), failures);
        }
    }
}
