namespace RwkvX.AI.Grammars.Machine;

/// <summary>All ways to read the text so far, and what is known about them; equal sets are one object of a <see cref="ConfigurationStore"/>.</summary>
internal sealed class Configuration
{
    /// <summary>Mark of a byte whose successor was not asked for yet.</summary>
    public const int NotAsked = -1;

    /// <summary>Number of the configuration from which nothing follows.</summary>
    public const int Dead = 0;

    public Configuration(int number, Item[] items, bool isComplete, bool exits, bool isUncertain, int cost, int classes)
    {
        Number = number;
        Items = items;
        IsComplete = isComplete;
        Exits = exits;
        IsUncertain = isUncertain;
        Cost = cost;
        Next = new int[classes];
        Array.Fill(Next, NotAsked);
    }

    public int Number { get; }

    /// <summary>Items from which a byte may be read, sorted.</summary>
    public Item[] Items { get; }

    /// <summary>Whether the text may end here.</summary>
    public bool IsComplete { get; }

    /// <summary>Whether the frame at an unknown bottom may end here.</summary>
    public bool Exits { get; }

    /// <summary>Whether a property name ended whose predecessors are not known: only the whole stack can tell.</summary>
    public bool IsUncertain { get; }

    /// <summary>Bytes that close the text, at most; 0 where it is complete or leaves the known frames.</summary>
    public int Cost { get; }

    /// <summary>Successor by byte class, filled as asked for.</summary>
    public int[] Next { get; }
}
