using System.ComponentModel.DataAnnotations;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Storage;

/// <summary>Where a container's conversations are kept on disk.</summary>
public sealed class RwkvXStorageOptions
{
    /// <summary>The store's folder; made where it is missing. One process has it open at a time.</summary>
    [Required]
    public string StorageRoot { get; set; } = "";

    /// <summary>Overwrites a file's bytes before removing it.</summary>
    public bool OverwriteRemoved { get; set; } = true;

    /// <summary>Newest states kept per conversation; others are rebuilt from the log.</summary>
    [Range(1, 1 << 16)]
    public int SnapshotsKept { get; set; } = 2;

    /// <summary>How often a host deletes conversations that are over their time, and what nothing refers to; null = only when told to. From 1 second to 30 days.</summary>
    public TimeSpan? CollectInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Encrypts what is stored; null = as it is.</summary>
    public IBlobCipher? Cipher { get; set; }
}
