namespace RwkvX.AI.Sessions.Stores;

/// <summary>A piece of the transcript, verbatim: what a state can be rebuilt from under another model.</summary>
/// <param name="Kind">A message or a document.</param>
/// <param name="Role">Who speaks (<c>user</c>, <c>assistant</c>, …); any text for a document.</param>
/// <param name="Text">The text, kept code unit for code unit.</param>
public sealed record TranscriptRecord(TranscriptKind Kind, string Role, string Text) : LogRecord
{
    /// <summary>A name for people: a document's file name, a speaker's name.</summary>
    public string? Name { get; init; }

    /// <summary>Whatever the application keeps with the piece, such as a tool call as JSON.</summary>
    public string? Extra { get; init; }

    /// <summary>True where the text carries on the piece before it: a long document logged in parts.</summary>
    public bool Continues { get; init; }

    internal void Validate(string parameter)
    {
        if (Kind is not (TranscriptKind.Message or TranscriptKind.Document)) throw new ArgumentException($"kind: unknown {(int)Kind}", parameter);
        if (Role is null || Text is null) throw new ArgumentException("role and text: expected a text, found null", parameter);
    }
}
