namespace RwkvX.AI.Agents;

/// <summary>How <see cref="RwkvXAgentSessionStore"/> keeps sessions.</summary>
public sealed class RwkvXAgentSessionStoreOptions
{
    /// <summary>Whose sessions these are where the key does not say.</summary>
    public string Tenant { get; set; } = "default";

    /// <summary>The partition of a session's key that is its tenant; null = none is. All partitions tell sessions apart.</summary>
    public string? TenantPartition { get; set; }

    /// <summary>How long a session that came from the store can be used after it was got or saved last; more than zero.</summary>
    public TimeSpan BranchLifetime { get; set; } = TimeSpan.FromDays(1);
}
