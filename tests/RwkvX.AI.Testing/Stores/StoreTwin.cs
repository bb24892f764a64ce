using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Testing.Stores;

/// <summary>What a conversation should be, as simply as it can be said: a list of whole appends, and where each label points.</summary>
public sealed class StoreTwin
{
    private StoreTwin(IEnumerable<LogRecord> records) => Records.AddRange(records);

    /// <summary>An empty conversation.</summary>
    public StoreTwin()
    {
    }

    /// <summary>The records on the way to the head.</summary>
    public List<LogRecord> Records { get; } = [];

    /// <summary>How many records the way had after each append that is still on it: where a loss may take it back to.</summary>
    public List<int> Appends { get; } = [0];

    /// <summary>Ways to places that rewinds left.</summary>
    public List<List<LogRecord>> PastWays { get; } = [];

    public long Tokens => Records.OfType<TokensRecord>().Sum(record => (long)record.Tokens.Length);

    public IEnumerable<string> Labels => Records.OfType<CheckpointRecord>().Select(record => record.Label).Distinct();

    public void Append(IEnumerable<LogRecord> records)
    {
        Records.AddRange(records);
        Appends.Add(Records.Count);
    }

    public void Rewind(string label)
    {
        int at = Records.FindLastIndex(record => record is CheckpointRecord checkpoint && checkpoint.Label == label) + 1;
        PastWays.Add([.. Records]);
        Records.RemoveRange(at, Records.Count - at);
        Appends.RemoveAll(count => count > at);
        Appends.Add(at);
    }

    public StoreTwin Fork(string? label)
    {
        StoreTwin fork = new(Records);
        fork.Appends.AddRange(Appends);
        fork.PastWays.AddRange(PastWays);
        if (label is not null) fork.Rewind(label);
        return fork;
    }
}
