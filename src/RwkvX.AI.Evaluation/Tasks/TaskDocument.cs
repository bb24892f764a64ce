namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>A generated document with questions and their answers.</summary>
/// <param name="Parts">In order; joined they are the text.</param>
public sealed record TaskDocument(IReadOnlyList<DocumentPart> Parts)
{
    /// <summary>The whole text, with the answers.</summary>
    public string Text { get; } = string.Concat(Parts.Select(part => part.Text));

    /// <summary>Every question as an evaluation asks it: all text before an answer, and the answer.</summary>
    public IEnumerable<(string Prompt, string Answer)> Questions()
    {
        string before = "";
        foreach (DocumentPart part in Parts)
        {
            if (part.Kind == PartKind.Answer) yield return (before, part.Text.Trim());
            before += part.Text;
        }
    }
}
