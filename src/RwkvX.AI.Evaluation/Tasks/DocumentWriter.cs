namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Puts a document together, part by part, and counts its tokens.</summary>
/// <param name="count">Tokens of a text.</param>
internal sealed class DocumentWriter(Func<string, int> count)
{
    /// <summary>What stands before a document; behind it stands a blank line.</summary>
    public static readonly string[] Openings = ["Document:\n", "Text:\n", "Read the following text and answer the questions.\n\n"];

    private readonly List<DocumentPart> _parts = [];

    /// <summary>Tokens so far, to within the joints.</summary>
    public int Tokens { get; private set; }

    public DocumentWriter Add(string text, PartKind kind)
    {
        if (text.Length == 0) return this;
        Tokens += count(text);
        _parts.Add(new DocumentPart(text, kind));
        return this;
    }

    /// <summary>Takes the blanks at the end away.</summary>
    public DocumentWriter TrimEnd()
    {
        while (_parts.Count > 0 && _parts[^1].Text.AsSpan().TrimEnd().IsEmpty) _parts.RemoveAt(_parts.Count - 1);
        if (_parts.Count > 0) _parts[^1] = _parts[^1] with { Text = _parts[^1].Text.TrimEnd() };
        return this;
    }

    /// <summary>A user's turn, up to where the model speaks.</summary>
    public DocumentWriter Ask(string question) => Add($"User: {question}\n\nAssistant:", PartKind.Question);

    /// <summary>The model's turn, with its end.</summary>
    public DocumentWriter Answer(string answer) => Add($" {answer}\n\n", PartKind.Answer);

    public TaskDocument ToDocument() => new(_parts);
}
