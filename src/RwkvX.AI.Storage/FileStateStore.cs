using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Storage;

/// <summary>The durable store: logs, states and pages as files, and an index in SQLite. One process has it open at a time.</summary>
public static class FileStateStore
{
    /// <summary>Opens the store of a folder, or makes one there. What an interrupted run left is finished or undone first.</summary>
    /// <exception cref="StoreLockedException">Somebody has it open.</exception>
    /// <exception cref="StateCorruptException">The index is damaged or missing: <see cref="RebuildAsync"/> makes it anew.</exception>
    public static IStateStore Open(FileStateStoreOptions options) => OpenCore(options, rebuild: false);

    /// <summary>Makes the index anew from heads, logs and states, and closes the store again.</summary>
    /// <remarks>What the old index knew of acknowledged lengths is gone with it: a log that lost its end can no longer be told from one that never had it.</remarks>
    /// <returns>What was found damaged on the way.</returns>
    /// <exception cref="StoreLockedException">Somebody has it open.</exception>
    public static async ValueTask<IReadOnlyList<StoreProblem>> RebuildAsync(FileStateStoreOptions options)
    {
        ConversationStore store = await Task.Run(() => OpenCore(options, rebuild: true)).ConfigureAwait(false);
        await store.DisposeAsync().ConfigureAwait(false);
        return store.LoadProblems;
    }

    private static ConversationStore OpenCore(FileStateStoreOptions options, bool rebuild)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Root);
        options.Validate();
        FileMedium? medium = null;
        try
        {
            medium = new FileMedium(options, rebuild);
            return new ConversationStore(medium, options);
        }
        catch (Exception e)
        {
            medium?.Dispose();
            if (e is IOException or UnauthorizedAccessException) throw new StateStoreException($"{options.Root}: {e.Message}", e);
            throw;
        }
    }
}
