namespace RwkvX.AI.AspNetCore;

/// <summary>Who may ask, and how much at once. Bound from <c>RwkvX:Endpoint</c> of the configuration, where that is there.</summary>
public sealed class RwkvXEndpointOptions
{
    /// <summary>
    /// The key that requests must carry as <c>Authorization: Bearer KEY</c>; null for none. Without one, only this machine may ask,
    /// unless <see cref="AllowRemoteWithoutKey"/> says otherwise.
    /// </summary>
    public string? ApiKey { get; set; }

    /// <summary>Whether other machines may ask although there is no key.</summary>
    public bool AllowRemoteWithoutKey { get; set; }

    /// <summary>Bytes that a request's body may have; 413 beyond.</summary>
    public long MaxRequestBodyBytes { get; set; } = 32L << 20;

    /// <summary>Messages that a request may have.</summary>
    public int MaxMessages { get; set; } = 10_000;

    /// <summary>Characters that the messages of a request may have in all.</summary>
    public long MaxInputCharacters { get; set; } = 16L << 20;

    /// <summary>Tokens that an answer may have at most, also where the request names no limit; null leaves it to the request and the model.</summary>
    public int? MaxOutputTokens { get; set; }

    /// <summary>How long a request may take in all; it is then cancelled: 504, or an error in its stream.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a stream may be silent before a comment keeps its connection alive: reading a long prompt takes its time.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the chat page is served.</summary>
    public bool ChatPage { get; set; } = true;
}
