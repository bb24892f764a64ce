namespace RwkvX.AI.Chat;

/// <summary>A request named another model than the one that is loaded.</summary>
public sealed class ModelNotLoadedException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="modelId">The model that was asked for.</param>
    /// <param name="loadedModelId">The model that is loaded.</param>
    public ModelNotLoadedException(string modelId, string loadedModelId)
        : base($"ModelId: expected '{loadedModelId}' (or null), the model that is loaded, found '{modelId}'")
    {
        ModelId = modelId;
        LoadedModelId = loadedModelId;
    }

    /// <summary>The model that was asked for.</summary>
    public string ModelId { get; }

    /// <summary>The model that is loaded.</summary>
    public string LoadedModelId { get; }
}
