using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>A store that lives as long as its object: the same contract and formats as the durable one, without its durability.</summary>
public static class InMemoryStateStore
{
    /// <summary>Creates an empty store.</summary>
    /// <param name="options">How it behaves; null = the defaults.</param>
    public static IStateStore Create(StateStoreOptions? options = null)
    {
        options ??= new StateStoreOptions();
        options.Validate();
        return new ConversationStore(new MemoryMedium(), options);
    }
}
