namespace RwkvX.AI.Memory;

/// <summary>How something is read into a conversation.</summary>
public sealed class AppendOptions
{
    /// <summary>What the document is called, such as its file's name; null for nothing.</summary>
    public string? Name { get; init; }

    /// <summary>Makes the conversation where the tenant has none of that name; otherwise that is an error.</summary>
    public bool CreateIfMissing { get; init; }

    /// <summary>Told after each span of tokens.</summary>
    public IProgress<AppendProgress>? Progress { get; init; }
}
