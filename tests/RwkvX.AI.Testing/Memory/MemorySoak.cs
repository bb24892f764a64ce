using System.Diagnostics;
using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;
using Xunit;

namespace RwkvX.AI.Testing.Memory;

/// <summary>Random operations on a memory from many threads for a while; every conversation is checked against its twin whenever it is touched.</summary>
public sealed class MemorySoak
{
    private readonly MemoryHarness _harness;
    private readonly int _tenants;
    private readonly Slot[] _slots;

    private MemorySoak(MemoryHarness harness, int tenants, int conversations)
    {
        (_harness, _tenants) = (harness, tenants);
        _slots = [.. Enumerable.Range(0, tenants * conversations).Select(i => new Slot(new ConversationKey($"tenant{i / conversations}", $"c{i % conversations}")))];
    }

    /// <summary>Runs for a time, and until so many operations are done; returns their number.</summary>
    public static async Task<long> Run(MemoryHarness harness, int threads, int tenants, int conversations, TimeSpan time, long atLeast, int seed)
    {
        MemorySoak soak = new(harness, tenants, conversations);
        Stopwatch watch = Stopwatch.StartNew();
        long operations = 0;
        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(async () =>
        {
            Random random = new((seed * 1000) + thread);
            do
            {
                await soak.Step(random);
                Interlocked.Increment(ref operations);
            }
            while (watch.Elapsed < time || Interlocked.Read(ref operations) < atLeast);
        })));
        await soak.CheckAll();
        return operations;
    }

    private async Task Step(Random random)
    {
        Slot slot = _slots[random.Next(_slots.Length)];
        if (random.Next(8) == 0)
        {
            await ForkFrom(slot, random);
            return;
        }

        if (random.Next(8) == 0)
        {
            await RaceOn(slot, random);
            return;
        }

        await slot.Gate.WaitAsync();
        try
        {
            if (slot.Twin is null) await Create(slot);
            else await Touch(slot, slot.Twin, random);
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    private async Task Create(Slot slot)
    {
        await Assert.ThrowsAsync<ConversationNotFoundException>(() => _harness.AskAsync(slot.Key, "Who?"));
        await _harness.Memory.CreateAsync(slot.Key);
        slot.Twin = new MemoryTwin();
    }

    private async Task Touch(Slot slot, MemoryTwin twin, Random random)
    {
        string text = MemoryScript.Text(random, slot.Key.ToString());
        string? label = twin.Labels.Keys.FirstOrDefault();
        switch (random.Next(12))
        {
            case 0:
                Assert.True(await MemoryCheck.IsTwin(_harness, slot.Key, twin), $"{slot.Key} is not its twin");
                break;
            case 1 when random.Next(3) == 0:
                await _harness.Memory.DeleteAsync(slot.Key);
                slot.Twin = null;
                slot.SharedWith.Clear();
                break;
            case 2:
                string other = $"tenant{random.Next(_tenants)}";
                if (slot.SharedWith.Remove(other)) await _harness.Memory.UnshareAsync(slot.Key, other);
                else if (slot.SharedWith.Add(other)) await _harness.Memory.ShareAsync(slot.Key, other);
                break;
            case 3:
                await _harness.Memory.CheckpointAsync(slot.Key, "label");
                twin.Labels["label"] = twin.Texts.Count;
                break;
            case 4 when label is not null:
                await _harness.Memory.RewindAsync(slot.Key, label);
                slot.Twin = twin.Fork(label);
                break;
            case 5 or 6:
                await _harness.Memory.AppendAsync(slot.Key, [new ChatMessage(ChatRole.User, text)]);
                twin.Texts.Add(text);
                break;
            case 7 when random.Next(4) == 0:
                await Transfer(slot, twin);
                break;
            case 8:
                await Cancel(slot, text, random);
                break;
            default:
                await _harness.AskAsync(slot.Key, text);
                twin.Texts.AddRange([text, null]);
                break;
        }
    }

    /// <summary>Two writers at once: both updates are there afterwards, in some order.</summary>
    private async Task RaceOn(Slot slot, Random random)
    {
        string first = MemoryScript.Text(random, "first"), second = MemoryScript.Text(random, "second");
        await slot.Gate.WaitAsync();
        try
        {
            if (slot.Twin is not { } twin) return;
            await Task.WhenAll(_harness.Memory.AppendAsync(slot.Key, first).AsTask(), _harness.Memory.AppendAsync(slot.Key, second).AsTask());
            string[] texts = [.. (await _harness.Memory.TranscriptAsync(slot.Key)).Skip(twin.Texts.Count).Select(entry => entry.Text)];
            Assert.Equal(new[] { first, second }.Order(StringComparer.Ordinal), texts.Order(StringComparer.Ordinal));
            twin.Texts.AddRange(texts);
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    /// <summary>A turn that is cancelled at some instant is there as a whole or not at all.</summary>
    private async Task Cancel(Slot slot, string text, Random random)
    {
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(random.Next(8)));
        try
        {
            await _harness.AskAsync(slot.Key, text, source.Token);
        }
        catch (OperationCanceledException)
        {
        }

        int count = (await _harness.Memory.TranscriptAsync(slot.Key)).Count - slot.Twin!.Texts.Count;
        Assert.True(count is 0 or 2, $"{slot.Key}: a cancelled turn left {count} entries");
        if (count == 2) slot.Twin.Texts.AddRange([text, null]);
    }

    /// <summary>Out and in again under another name, which goes at once.</summary>
    private async Task Transfer(Slot slot, MemoryTwin twin)
    {
        ConversationKey copy = new(slot.Key.Tenant, $"copy of {slot.Key.Name}");
        using MemoryStream file = new();
        await _harness.Memory.ExportAsync(slot.Key, file);
        file.Position = 0;
        await _harness.Memory.ImportAsync(file, copy);
        Assert.True(await MemoryCheck.IsTwin(_harness, copy, twin), $"{copy} is not the twin of what it was exported from");
        await _harness.Memory.DeleteAsync(copy);
    }

    /// <summary>Forks into another slot, of another tenant now and then; allowed exactly where it is one's own or shared.</summary>
    private async Task ForkFrom(Slot source, Random random)
    {
        Slot target = _slots[random.Next(_slots.Length)];
        if (target == source) return;
        (Slot first, Slot second) = Array.IndexOf(_slots, source) < Array.IndexOf(_slots, target) ? (source, target) : (target, source);
        await first.Gate.WaitAsync();
        await second.Gate.WaitAsync();
        try
        {
            bool allowed = source.Twin is not null && (source.Key.Tenant == target.Key.Tenant || source.SharedWith.Contains(target.Key.Tenant));
            string? label = random.Next(2) == 0 ? source.Twin?.Labels.Keys.FirstOrDefault() : null;
            Func<Task> fork = async () => await _harness.Memory.ForkAsync(source.Key, target.Key, label);
            if (!allowed)
            {
                await Assert.ThrowsAsync<ConversationNotFoundException>(fork);
            }
            else if (target.Twin is not null)
            {
                await Assert.ThrowsAsync<ConversationExistsException>(fork);
            }
            else
            {
                await fork();
                target.Twin = source.Twin!.Fork(label);
            }
        }
        finally
        {
            second.Gate.Release();
            first.Gate.Release();
        }
    }

    private async Task CheckAll()
    {
        foreach (IGrouping<string, Slot> tenant in _slots.GroupBy(slot => slot.Key.Tenant))
        {
            string[] expected = [.. tenant.Where(slot => slot.Twin is not null).Select(slot => slot.Key.Name).Order(StringComparer.Ordinal)];
            Assert.Equal(expected, (await _harness.Memory.ListAsync(tenant.Key)).Select(info => info.Key.Name));
        }

        foreach (Slot slot in _slots) Assert.True(await MemoryCheck.IsTwin(_harness, slot.Key, slot.Twin), $"{slot.Key} is not its twin");
        Assert.Empty(await _harness.Memory.VerifyAsync());
    }

    private sealed class Slot(ConversationKey key)
    {
        public ConversationKey Key => key;

        public SemaphoreSlim Gate { get; } = new(1, 1);

        public MemoryTwin? Twin { get; set; }

        public HashSet<string> SharedWith { get; } = [];
    }
}
