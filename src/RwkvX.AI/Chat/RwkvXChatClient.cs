using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RwkvX.AI.Chat.Requests;
using RwkvX.AI.Grammars;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Chat;

/// <summary>An RWKV-X model in this process as an <see cref="IChatClient"/>.</summary>
/// <remarks>
/// <para>All members may be called from any thread, and any number of requests may run at once: they share the engine pass by pass.</para>
/// <para>States are kept at message borders: a request whose messages extend an earlier one computes only what is new
/// (<see cref="UsageDetails.CachedInputTokenCount"/> says how many tokens were spared). A request that is cancelled, or whose stream is left
/// early, leaves what is kept as it was.</para>
/// <para>With a <see cref="ChatOptions.ConversationId"/> the stored conversation of that name goes on, and only new messages are sent; with
/// <see cref="RwkvXOptions.StoreConversations"/> or <c>AdditionalProperties["rwkvx.store"] = true</c> a request without one begins such a
/// conversation, whose id comes back in every update. A turn that is cancelled or fails leaves the conversation as it was. The last update's
/// <see cref="ChatResponseUpdate.AdditionalProperties"/> say where its state came from. <c>AdditionalProperties["rwkvx.tenant"]</c> says whose
/// request it is (else <see cref="RwkvXOptions.Tenant"/>): tenants share nothing, not even a prefix.</para>
/// <para>Under a JSON schema, a grammar or a required call every token is constrained: the answer parses and obeys, whatever the model, and a
/// token limit that is too low for that is refused. Stop sequences end free text only. Functions are declared in the prompt and called by
/// the model's own choice or by <see cref="ChatOptions.ToolMode"/>; calling them is the application's business
/// (<see cref="FunctionInvokingChatClient"/>).</para>
/// <para><see cref="ChatOptions.Reasoning"/>: an effort begins the answer with thinking (all efforts alike), none without; not given, it is the
/// model's choice. Thinking comes as <see cref="TextReasoningContent"/> unless its output is none.</para>
/// <para>A bounded number of requests runs at once, and a bounded number waits (<see cref="RwkvXOptions.MaxActiveRequests"/>). The last update's
/// additional properties say how long a request waited (<c>rwkvx.queue_ms</c>); those of <see cref="ChatOptions"/> may carry a
/// <c>priority</c> from -10 to 10.</para>
/// <para><see cref="ChatOptions.AdditionalProperties"/> may carry the numbers <c>min_p</c>, <c>repetition_penalty</c> and
/// <c>penalty_decay</c>, and the texts <c>grammar</c> and <c>regex</c>; <see cref="ChatOptions.RawRepresentationFactory"/> may return
/// <see cref="RwkvXGenerationOptions"/>, or a <see cref="Generation.SamplingOptions"/> that stands in for the model's defaults.</para>
/// </remarks>
public sealed class RwkvXChatClient : IChatClient
{
    private readonly ChatContext _context;
    private readonly ChatClientMetadata _metadata;
    private readonly IDisposable? _owned;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _disposal = new();
    private int _isDisposed;

    /// <summary>Creates a client over the small embedded model.</summary>
    public RwkvXChatClient()
        : this(new RwkvXOptions())
    {
    }

    /// <summary>Loads a model and creates a client that owns it.</summary>
    /// <param name="options">Which model, and how it runs.</param>
    /// <param name="logger">Null logs nothing.</param>
    /// <param name="timeProvider">Null for the system's clock.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range; the message names it.</exception>
    /// <exception cref="Checkpoints.CheckpointException">A file is missing, damaged or not what another says.</exception>
    public RwkvXChatClient(RwkvXOptions options, ILogger<RwkvXChatClient>? logger = null, TimeProvider? timeProvider = null)
        : this(Load(options, logger, timeProvider), logger, timeProvider)
    {
    }

    /// <summary>Creates a client over a model that is loaded already.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="options">Name, template, cache and prefill are used; null for the defaults. What says how to load a model is not.</param>
    /// <param name="ownsModel">Whether the client disposes the model.</param>
    /// <param name="logger">Null logs nothing.</param>
    /// <param name="timeProvider">Null for the system's clock.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range; the message names it.</exception>
    public RwkvXChatClient(
        IRwkvXModel model,
        WorldTokenizer tokenizer,
        RwkvXOptions? options = null,
        bool ownsModel = false,
        ILogger<RwkvXChatClient>? logger = null,
        TimeProvider? timeProvider = null)
        : this(ContextOver(model, tokenizer, options, logger, timeProvider), ownsModel ? model : null, logger, timeProvider)
    {
    }

    private RwkvXChatClient(LoadedModel model, ILogger? logger, TimeProvider? timeProvider)
        : this(model.NewContext(memory: null, logger), model, logger, timeProvider)
    {
    }

    internal RwkvXChatClient(ChatContext context, IDisposable? owned, ILogger? logger, TimeProvider? timeProvider)
    {
        _context = context;
        _owned = owned;
        _logger = logger ?? NullLogger.Instance;
        _time = timeProvider ?? TimeProvider.System;
        _metadata = new ChatClientMetadata("rwkvx", providerUri: null, context.ModelId);
    }

    /// <summary>Bytes of the states that are kept at message borders, pages that they share counted once.</summary>
    public long StateBytes => _context.Cache.Bytes;

    /// <summary>The states kept.</summary>
    internal PrefixCache Cache => _context.Cache;

    /// <summary>The requests that run and wait.</summary>
    internal RequestQueue Requests => _context.Requests;

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return GatherAsync();

        async Task<ChatResponse> GatherAsync()
        {
            ChatResponse response = await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);
            response.AdditionalProperties ??= response.Messages[^1].AdditionalProperties; // gathering leaves those of the last update there
            return response;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">An option or a message is not valid; the message names it.</exception>
    /// <exception cref="NotSupportedException">The options ask for something that this client does not do.</exception>
    /// <exception cref="GrammarException">While enumerating, before the first update: a schema or grammar says what cannot be followed.</exception>
    /// <exception cref="GrammarLimitException">While enumerating, before the first update: the token limit is below the shortest answer allowed.</exception>
    /// <exception cref="ConversationNotFoundException">While enumerating, before the first update: the options name a conversation that the tenant does not have.</exception>
    /// <exception cref="ModelNotLoadedException">The options name another model than the one that is loaded.</exception>
    /// <exception cref="RwkvXOverloadedException">While enumerating, before the first update: as many requests wait as may.</exception>
    /// <exception cref="RwkvXStoppingException">While enumerating: the host is stopping.</exception>
    /// <exception cref="TimeoutException">While enumerating: updates were not taken for too long.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        List<ChatMessage> all = [.. messages];
        if (all.Contains(null!))
        {
            throw new ArgumentException($"messages: expected messages, found null at {all.IndexOf(null!)}", nameof(messages));
        }

        if (!string.IsNullOrEmpty(options?.Instructions))
        {
            all.Insert(0, new ChatMessage(ChatRole.System, options.Instructions) { AuthorName = ConversationNotes.InstructionsName });
        }

        GenerationSettings settings = ChatOptionsMapping.Map(options, _context, this);
        return StreamAsync(all, settings, ConversationChoice.Of(options, _context.Tenant, _context.StoreConversations), cancellationToken);
    }

    /// <summary>Gives the metadata, this client, the engine (<see cref="IRwkvXModel"/>), the tokenizer or the memory (<see cref="IRwkvXMemory"/>); null for anything else, or with a key.</summary>
    /// <param name="serviceType">The type asked for.</param>
    /// <param name="serviceKey">Null; there are no keyed services.</param>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        object?[] services = serviceKey is null ? [_metadata, this, _context.Model, _context.Tokenizer, _context.Memory] : [];
        return Array.Find(services, serviceType.IsInstanceOfType);
    }

    /// <summary>Cancels what is running, and gives back the states kept and, if owned, the model.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _disposal.Cancel();
            _context.Dispose();
            _owned?.Dispose();
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        List<ChatMessage> messages, GenerationSettings settings, ConversationChoice choice, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        string responseId = Guid.NewGuid().ToString("N"), messageId = Guid.NewGuid().ToString("N");
        long begun = _time.GetTimestamp();
        RequestMeasure measure = new(_context.ModelId, _time);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposal.Token, _context.Requests.Aborting);
        Channel<AIContent> parts = Channel.CreateBounded<AIContent>(new BoundedChannelOptions(_context.MaxUnread) { SingleReader = true, SingleWriter = true });
        StringBuilder? said = _context.LogsContent ? new StringBuilder() : null;
        await using ITurnStates states = choice.Name is null ? new CachedTurnStates(_context, choice.Tenant) : new StoredTurnStates(_context, choice);
        Task<TurnResult> work = Task.Run(() => RunAsync(messages, settings, states, responseId, parts.Writer, measure, stop.Token), CancellationToken.None);
        try
        {
            await foreach (AIContent part in parts.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested(); // the channel asks only where it waits, and parts may lie ready in it
                said?.Append((part as TextContent)?.Text);
                yield return Update(responseId, messageId, choice.Name, part);
            }

            TurnResult result = await work.ConfigureAwait(false);
            ChatLog.Answered(
                _logger, responseId, result.InputTokens, result.CachedTokens, result.OutputTokens, result.FinishReason.Value, _time.GetElapsedTime(begun).TotalMilliseconds);
            if (said is not null)
            {
                ChatLog.Said(_logger, responseId, said.ToString());
            }

            if (!result.IsKept)
            {
                ChatLog.StateDoesNotFit(_logger, result.InputTokens + result.OutputTokens, _context.Cache.Budget);
            }

            ChatResponseUpdate last = Update(responseId, messageId, choice.Name, result.ToUsage());
            last.FinishReason = result.FinishReason;
            last.AdditionalProperties = states.Describe() ?? [];
            last.AdditionalProperties["rwkvx.queue_ms"] = measure.QueueTime.TotalMilliseconds;
            yield return last;
        }
        finally
        {
            // The reader may have left early: nothing of the turn runs on after its stream is closed.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TurnResult> RunAsync(
        List<ChatMessage> messages, GenerationSettings settings, ITurnStates states, string responseId, ChannelWriter<AIContent> parts, RequestMeasure measure, CancellationToken cancellationToken)
    {
        measure.Begin();
        try
        {
            if (_context.LogsContent)
            {
                ChatLog.Asked(_logger, responseId, string.Join('\n', messages.Select(message => $"{message.Role}: {message.Text}")));
            }

            using RequestSlot slot = await _context.Requests.EnterAsync(settings.Priority, cancellationToken).ConfigureAwait(false);
            measure.Admitted(slot.QueueTime);
            using ChatTurn turn = new(_context, messages, settings, states);
            AnswerStream stream = new(slot, parts, _context.ReaderTimeout, _time);
            TurnResult result = await turn.RunAsync(stream, measure, cancellationToken).ConfigureAwait(false);
            measure.Answered(result);
            return result;
        }
        catch (Exception e)
        {
            Exception error = ErrorOf(e);
            measure.Failed(error);
            Log(responseId, error);
            if (error != e)
            {
                throw error;
            }

            throw;
        }
        finally
        {
            parts.TryComplete();
        }
    }

    /// <summary>What the caller is told: why a request was cancelled, if not by the caller.</summary>
    private Exception ErrorOf(Exception e) => e switch
    {
        OperationCanceledException when _isDisposed != 0 => new ObjectDisposedException(nameof(RwkvXChatClient), e),
        ObjectDisposedException => new ObjectDisposedException(nameof(RwkvXChatClient), e),
        OperationCanceledException when _context.Requests.Aborting.IsCancellationRequested => new RwkvXStoppingException(wasRunning: true, e),
        _ => e,
    };

    private void Log(string responseId, Exception error)
    {
        switch (error)
        {
            case OperationCanceledException or ObjectDisposedException:
                ChatLog.Abandoned(_logger, responseId);
                break;
            case RwkvXOverloadedException or RwkvXStoppingException:
            case GrammarException or GrammarLimitException: // from here on, what the caller can mend
            case NotSupportedException or ArgumentException { ParamName: "messages" }:
            case ConversationNotFoundException or ConversationLockedException or WrongModelException:
                ChatLog.Refused(_logger, responseId, error.Message);
                break;
            case StateCorruptException:
                _context.Memory.States.Live.Clear(); // a stored page turned out to be damaged: the next turn starts from an earlier state
                ChatLog.Failed(_logger, responseId, error);
                break;
            default:
                ChatLog.Failed(_logger, responseId, error);
                break;
        }
    }

    private ChatResponseUpdate Update(string responseId, string messageId, string? conversationId, AIContent content) => new(ChatRole.Assistant, [content])
    {
        ConversationId = conversationId,
        ResponseId = responseId,
        MessageId = messageId,
        ModelId = _context.ModelId,
        CreatedAt = _time.GetUtcNow(),
    };

    private static LoadedModel Load(RwkvXOptions options, ILogger? logger, TimeProvider? time)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return LoadedModel.Load(options, logger, time);
    }

    private static ChatContext ContextOver(
        IRwkvXModel model, WorldTokenizer tokenizer, RwkvXOptions? options, ILogger? logger, TimeProvider? time)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new RwkvXOptions();
        options.Validate();
        IPromptTemplate template = options.Template ?? new WorldPromptTemplate();
        return new ChatContext
        {
            Model = model,
            Tokenizer = tokenizer,
            Template = template,
            Grammars = new GrammarCache(tokenizer, model.Config.VocabSize, WorldTokenizer.EndOfTextId, template.AnswerEnd),
            Cache = new PrefixCache(options.EffectivePrefixCacheBytes(model.Engine), model.Config.MobaChunkSize),
            Memory = new RwkvXMemory(model, tokenizer, options.StateStore, options.ToMemoryOptions(model.Engine, logger)),
            OwnsMemory = true,
            Tenant = options.Tenant,
            StoreConversations = options.StoreConversations,
            ModelId = options.ModelId ?? "rwkvx",
            Limits = options.LimitsFor(model.Engine),
            Requests = new RequestQueue(options.MaxActiveRequests, options.MaxQueuedRequests, time ?? TimeProvider.System),
            MaxUnread = options.MaxUnreadUpdates,
            ReaderTimeout = options.ReaderTimeout,
            LogsContent = options.LogContent,
        };
    }
}
