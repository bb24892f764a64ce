/// <summary>Where documents come from, one after the other.</summary>
internal static class DocumentSource
{
    /// <summary>The text files of a folder, each asked the same questions; without a folder, notes of three made-up teams.</summary>
    public static IAsyncEnumerable<Document> Read(string? folder, IReadOnlyList<string> questions) => folder is null ? MadeUp() : ReadFolder(folder, questions);

    private static async IAsyncEnumerable<Document> ReadFolder(string folder, IReadOnlyList<string> questions)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*.txt").Order(StringComparer.Ordinal))
        {
            yield return new Document(Path.GetFileName(path), await File.ReadAllTextAsync(path), questions);
        }
    }

    private static async IAsyncEnumerable<Document> MadeUp()
    {
        (string Team, string Person, string Time, string City, string Code)[] teams =
            [("archive", "Leo", "13:30", "Accra", "23902"), ("sales", "Alice", "9:15", "Oslo", "50617"), ("garden", "Ines", "16:45", "Lima", "71384")];
        foreach ((string team, string person, string time, string city, string code) in teams)
        {
            await Task.Yield();
            string text = $"""
                Notes of the {team} team

                The rooms on the second floor are ready, and the new desks have come. There was some talk about the noise in the street.

                The {team} team meets at {time}. It was decided to repair the roof.

                The kitchen will be painted in spring. Until then everyone is asked to bring their own cups, since the old ones are packed.

                {person} has moved to {city}.

                The door on the north side has a new lock. It is to be kept shut after dark, and the guard goes round twice a night.

                The access code of the {team} room is {code}. After a vote it was decided to sell the bicycles.

                The last point was the summer party. It is too early to settle on a place, and the matter was left to the next meeting.
                """;
            yield return new Document(
                $"notes of the {team} team", text, [$"When does the {team} team meet?", $"In which city does {person} live?", $"What is the access code of the {team} room?", "List all decisions."]);
        }
    }
}
