using System.CommandLine;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;

namespace RwkvX.AI.Cli.Memory;

/// <summary>The flags that say which store and whose conversations; the same in every verb.</summary>
internal sealed class MemoryArguments
{
    private readonly ModelArguments _model = new();

    /// <summary>A conversation's name.</summary>
    public Argument<string> Name { get; } = new("NAME") { Description = "The conversation." };

    private Option<string> Root { get; } = new("--root")
    {
        Description = "The folder that everything is kept in; made where it is missing.",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "rwkvx", "memory"),
    };

    private Option<string> Tenant { get; } = new("--tenant")
    {
        Description = "Whose conversations; nothing of one tenant is seen by another.",
        HelpName = "T",
        DefaultValueFactory = _ => "default",
    };

    private Option<long?> KeepBudget { get; } = new("--keep-budget")
    {
        Description = "Drop the conversation's least used pages of keys and values for good where they are more than so many bytes. Without it nothing is dropped.",
        HelpName = "BYTES",
    };

    /// <summary>Adds the flags to a verb that makes a conversation longer.</summary>
    public void AddWithRetentionTo(Command command)
    {
        KeepBudget.Validators.Add(value =>
        {
            if (value.Tokens is [{ } token] && long.TryParse(token.Value, out long bytes) && bytes < 0)
                value.AddError($"{KeepBudget.Name}: expected 0 or more, found {bytes}");
        });
        AddTo(command);
        command.Add(KeepBudget);
    }

    /// <summary>Adds the flags to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(Root);
        command.Add(Tenant);
        _model.AddTo(command);
    }

    /// <summary>Opens the store; the caller disposes it.</summary>
    public IStateStore OpenStore(ParseResult result) => FileStateStore.Open(new FileStateStoreOptions { Root = result.GetRequiredValue(Root) });

    /// <summary>Makes the store's index anew where it is damaged.</summary>
    public async Task<IReadOnlyList<StoreProblem>> RebuildAsync(ParseResult result) =>
        await FileStateStore.RebuildAsync(new FileStateStoreOptions { Root = result.GetRequiredValue(Root) });

    /// <summary>Loads the model over a store; the caller disposes it.</summary>
    public RwkvXChatClient OpenClient(ParseResult result, IStateStore store)
    {
        RwkvXOptions options = _model.ToChatOptions(result);
        options.StateStore = store;
        options.Tenant = TenantOf(result);
        if (result.GetResult(KeepBudget) is not null && result.GetValue(KeepBudget) is { } bytes) options.Retention = RetentionPolicy.KeepBudget(bytes);
        return new RwkvXChatClient(options);
    }

    /// <summary>Whose conversations.</summary>
    public string TenantOf(ParseResult result) => result.GetRequiredValue(Tenant);

    /// <summary>The conversation that the verb is about.</summary>
    public ConversationKey KeyOf(ParseResult result) => new(TenantOf(result), result.GetRequiredValue(Name));

    /// <summary>Becomes the writer of a conversation, whatever model it is of: for changes that need none.</summary>
    public static async Task<IConversationWriter> LeaseAsync(IStateStore store, ConversationKey key, CancellationToken cancellationToken)
    {
        IReadOnlyList<ConversationInfo> all = await store.ListAsync(key.Tenant, cancellationToken: cancellationToken);
        ConversationInfo info = all.FirstOrDefault(info => info.Key == key) ?? throw new ConversationNotFoundException(key);
        return await store.LeaseAsync(key, info.Binding, cancellationToken: cancellationToken);
    }

    /// <summary>Opens a file to be read.</summary>
    public static FileStream OpenFile(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path}: expected a file to read: {e.Message}", e);
        }
    }
}
