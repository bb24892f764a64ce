using System.Diagnostics;
using RwkvX.AI.Sessions.Stores;
using Xunit;

namespace RwkvX.AI.Testing.Stores;

/// <summary>Random operations from many threads for a while; every conversation is checked against its twin whenever it is touched.</summary>
public sealed class StoreSoak
{
    private readonly IStateStore _store;
    private readonly int _tenants;
    private readonly int _conversations;
    private readonly Slot[] _slots;

    private StoreSoak(IStateStore store, int tenants, int conversations)
    {
        (_store, _tenants, _conversations) = (store, tenants, conversations);
        _slots = [.. Enumerable.Range(0, tenants * conversations).Select(i => new Slot(new ConversationKey($"tenant{i / conversations}", $"c{i % conversations}")))];
    }

    /// <summary>Runs; returns the number of operations.</summary>
    public static async Task<long> Run(IStateStore store, int threads, int tenants, int conversations, TimeSpan time, int seed)
    {
        StoreSoak soak = new(store, tenants, conversations);
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
            while (watch.Elapsed < time);
        })));
        await soak.CheckAll();
        return operations;
    }

    private async Task Step(Random random)
    {
        Slot slot = _slots[random.Next(_slots.Length)];
        if (random.Next(12) == 0)
        {
            await ForkFrom(slot, random);
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
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await _store.ReadAsync(slot.Key));
        await (await _store.CreateAsync(slot.Key, ToyEngine.Binding)).DisposeAsync();
        slot.Twin = new StoreTwin();
    }

    private async Task Touch(Slot slot, StoreTwin twin, Random random)
    {
        switch (random.Next(10))
        {
            case 0:
                await StoreCheck.EqualsTwin(_store, slot.Key, twin);
                break;
            case 1 when random.Next(3) == 0:
                await _store.DeleteAsync(slot.Key);
                slot.Twin = null;
                slot.SharedWith.Clear();
                break;
            case 2:
                string other = $"tenant{random.Next(_tenants)}";
                if (slot.SharedWith.Remove(other)) await _store.UnshareAsync(slot.Key, other);
                else if (slot.SharedWith.Add(other)) await _store.ShareAsync(slot.Key, other);
                break;
            default:
                await Write(slot, twin, random);
                break;
        }
    }

    private async Task Write(Slot slot, StoreTwin twin, Random random)
    {
        await using IConversationWriter writer = await _store.LeaseAsync(slot.Key, ToyEngine.Binding);
        string? label = twin.Labels.FirstOrDefault();
        if (random.Next(6) == 0 && label is not null)
        {
            await writer.RewindAsync(label);
            twin.Rewind(label);
        }
        else if (random.Next(4) == 0)
        {
            await writer.PutSnapshotAsync(ToyEngine.Replay(null, twin.Records));
        }
        else
        {
            List<LogRecord> records = StoreScript.Records(random);
            await writer.AppendAsync(records);
            twin.Append(records);
        }
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
            string? label = random.Next(2) == 0 ? source.Twin?.Labels.FirstOrDefault() : null;
            Func<Task> fork = async () => await _store.ForkAsync(source.Key, target.Key, new OpenOptions { Checkpoint = label });
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
        for (int tenant = 0; tenant < _tenants; tenant++)
        {
            Dictionary<string, StoreTwin> twins = _slots.Skip(tenant * _conversations).Take(_conversations)
                .Where(slot => slot.Twin is not null).ToDictionary(slot => slot.Key.Name, slot => slot.Twin!);
            await StoreCheck.EqualsTwins(_store, $"tenant{tenant}", twins);
        }
    }

    private sealed class Slot(ConversationKey key)
    {
        public ConversationKey Key => key;

        public SemaphoreSlim Gate { get; } = new(1, 1);

        public StoreTwin? Twin { get; set; }

        public HashSet<string> SharedWith { get; } = [];
    }
}
