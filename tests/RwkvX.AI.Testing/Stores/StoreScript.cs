using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Testing.Stores;

/// <summary>A random but repeatable sequence of operations on one tenant's store, with the twin of what should come of it.</summary>
/// <remarks>Steps are drawn from the twin alone, so that a second script of the same seed, in another process, draws the same ones.</remarks>
public sealed class StoreScript(int seed, string tenant = "t", int maxConversations = 8)
{
    private static readonly string[] LabelNames = ["a", "b", "c"];
    private readonly Random _random = new(seed);
    private int _made;

    /// <summary>What should be in the store after the steps so far.</summary>
    public Dictionary<string, StoreTwin> Twins { get; } = [];

    /// <summary>Draws the next step, changes the twin, and says what to do to a store.</summary>
    public Func<IStateStore, Task> Next()
    {
        int kind = _random.Next(100);
        if (Twins.Count == 0 || (kind < 10 && Twins.Count < maxConversations)) return Create();
        string name = Twins.Keys.Order(StringComparer.Ordinal).ElementAt(_random.Next(Twins.Count));
        string? label = Pick(Twins[name]);
        return kind switch
        {
            < 20 when Twins.Count < maxConversations => Fork(name, _random.Next(2) == 0 ? label : null),
            < 26 => Delete(name),
            < 40 => PutSnapshot(name),
            < 48 when label is not null => Rewind(name, label),
            _ => Append(name),
        };
    }

    /// <summary>Random records of one append.</summary>
    public static List<LogRecord> Records(Random random)
    {
        List<LogRecord> records = [new TranscriptRecord((TranscriptKind)random.Next(2), "user", Text(random)) { Name = random.Next(4) == 0 ? "n" : null }];
        int tokens = random.Next(1, 12);
        int[] ids = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(1000))];
        List<int> spans = [];
        for (int left = tokens; left > 0; left -= spans[^1]) spans.Add(random.Next(1, left + 1));
        records.Add(new TokensRecord(ids, spans.ToArray()));
        if (random.Next(3) == 0) records.Add(new CheckpointRecord(LabelNames[random.Next(LabelNames.Length)]));
        records.Add(new TurnRecord());
        return records;
    }

    private Func<IStateStore, Task> Create()
    {
        string name = $"c{_made++}";
        Twins.Add(name, new StoreTwin());
        return async store => await (await store.CreateAsync(new ConversationKey(tenant, name), ToyEngine.Binding)).DisposeAsync();
    }

    private Func<IStateStore, Task> Fork(string name, string? label)
    {
        string target = $"c{_made++}";
        Twins.Add(target, Twins[name].Fork(label));
        return async store => await store.ForkAsync(new ConversationKey(tenant, name), new ConversationKey(tenant, target), new OpenOptions { Checkpoint = label });
    }

    private Func<IStateStore, Task> Delete(string name)
    {
        Twins.Remove(name);
        return async store => await store.DeleteAsync(new ConversationKey(tenant, name));
    }

    private Func<IStateStore, Task> Append(string name)
    {
        List<LogRecord> records = Records(_random);
        if (_random.Next(4) == 0) AddDrop(records, Twins[name].Tokens + records.OfType<TokensRecord>().Sum(record => record.Tokens.Length));
        Twins[name].Append(records);
        return store => Write(store, name, writer => writer.AppendAsync(records).AsTask());
    }

    /// <summary>Drops some of the full pages, perhaps again.</summary>
    private void AddDrop(List<LogRecord> records, long tokens)
    {
        int full = (int)(tokens / ToyEngine.Config.MobaChunkSize);
        PageId[] pages = [.. Enumerable.Range(0, ToyEngine.Config.SparseLayerCount).SelectMany(
            layer => Enumerable.Range(0, full).Where(_ => _random.Next(3) == 0).Select(chunk => new PageId(layer, chunk)))];
        if (pages.Length > 0) records.Add(new DropRecord(pages, 100 * pages.Length, 1000));
    }

    private Func<IStateStore, Task> Rewind(string name, string label)
    {
        Twins[name].Rewind(label);
        return store => Write(store, name, writer => writer.RewindAsync(label).AsTask());
    }

    private Func<IStateStore, Task> PutSnapshot(string name)
    {
        StateSnapshot snapshot = ToyEngine.Replay(null, Twins[name].Records);
        return store => Write(store, name, writer => writer.PutSnapshotAsync(snapshot).AsTask());
    }

    private async Task Write(IStateStore store, string name, Func<IConversationWriter, Task> work)
    {
        await using IConversationWriter writer = await store.LeaseAsync(new ConversationKey(tenant, name), ToyEngine.Binding);
        await work(writer);
    }

    private string? Pick(StoreTwin twin)
    {
        string[] labels = [.. twin.Labels];
        return labels.Length == 0 ? null : labels[_random.Next(labels.Length)];
    }

    private static string Text(Random random)
    {
        char[] text = new char[random.Next(40)];
        for (int i = 0; i < text.Length; i++) text[i] = (char)random.Next(0x20, 0xDFFF); // lone surrogates included
        return new string(text);
    }
}
