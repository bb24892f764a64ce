namespace RwkvX.AI.Chat.Hosting;

/// <summary>What became of a registered model so far; asking does not load it.</summary>
internal sealed class ModelStatus
{
    /// <summary>The model; null until it is loaded.</summary>
    public LoadedModel? Loaded { get; set; }

    /// <summary>Whether a host is running the model's first passes.</summary>
    public bool IsWarming { get; set; }

    /// <summary>Why it could not be loaded; null where it was, or has not been tried.</summary>
    public Exception? Failure { get; set; }
}
