using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;

namespace RwkvX.AI.Testing.Chat;

/// <summary>A distributed cache in a dictionary, which counts what was asked and stored.</summary>
public sealed class MemoryCache : IDistributedCache
{
    private readonly ConcurrentDictionary<string, byte[]> _entries = [];
    private int _hits;

    /// <summary>Entries stored.</summary>
    public int Count => _entries.Count;

    /// <summary>Entries found so far.</summary>
    public int Hits => Volatile.Read(ref _hits);

    /// <inheritdoc/>
    public byte[]? Get(string key)
    {
        if (!_entries.TryGetValue(key, out byte[]? value)) return null;
        Interlocked.Increment(ref _hits);
        return value;
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Task.FromResult(Get(key));

    /// <inheritdoc/>
    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => _entries[key] = value;

    /// <inheritdoc/>
    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        Set(key, value, options);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Refresh(string key)
    {
    }

    /// <inheritdoc/>
    public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Remove(string key) => _entries.TryRemove(key, out _);

    /// <inheritdoc/>
    public Task RemoveAsync(string key, CancellationToken token = default)
    {
        Remove(key);
        return Task.CompletedTask;
    }
}
