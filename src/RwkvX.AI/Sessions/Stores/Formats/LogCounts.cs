namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>What lies on the way from the beginning to a place of a log.</summary>
internal readonly record struct LogCounts(long Tokens, int Turns, int Messages, int Documents)
{
    public LogCounts After(LogRecord record) => record switch
    {
        RewindRecord rewind => rewind.Counts,
        TokensRecord tokens => this with { Tokens = Tokens + tokens.Tokens.Length },
        TurnRecord => this with { Turns = Turns + 1 },
        TranscriptRecord { Continues: true } => this,
        TranscriptRecord { Kind: TranscriptKind.Message } => this with { Messages = Messages + 1 },
        TranscriptRecord => this with { Documents = Documents + 1 },
        _ => this,
    };
}
