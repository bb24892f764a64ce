namespace RwkvX.AI.Sessions.Stores;

/// <summary>Another process, or another store object of this one, has the store open.</summary>
public sealed class StoreLockedException : StateStoreException
{
    /// <summary>Creates the error.</summary>
    /// <param name="root">The store's folder.</param>
    /// <param name="holder">Who has it, as far as known.</param>
    /// <param name="inner">The system's error.</param>
    public StoreLockedException(string root, string holder, Exception? inner = null)
        : base($"{root}: expected a store that nobody has open, found it open in {holder}", inner) => Root = root;

    /// <summary>The store's folder.</summary>
    public string Root { get; }
}
