namespace RwkvX.AI.Sessions.Stores;

/// <summary>One entry of a conversation's log. Entries appended together become durable together or not at all.</summary>
public abstract record LogRecord
{
    private protected LogRecord()
    {
    }
}
