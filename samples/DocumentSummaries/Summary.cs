/// <summary>A document's answers, one a bullet, and what they took.</summary>
internal sealed record Summary(string Name, IReadOnlyList<string> Bullets, long DocumentTokens, long QuestionTokens);
