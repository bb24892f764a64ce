/// <summary>A text and what a summary of it should say, as questions.</summary>
internal sealed record Document(string Name, string Text, IReadOnlyList<string> Questions);
