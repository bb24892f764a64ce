/// <summary>A log of a building with a few notes near its beginning.</summary>
internal static class MadeUpLog
{
    /// <summary>What is noted, what asks for it, and the word that a right answer holds.</summary>
    public static readonly IReadOnlyList<(string Note, string Question, string Answer)> Notes =
    [
        ("Laura has a parrot called Pepper.", "What is the name of the pet of Laura?", "Pepper"),
        ("The job of Ines is teacher.", "What is the job of Ines?", "teacher"),
        ("Leo has moved to Accra.", "In which city does Leo live?", "Accra"),
        ("The data team meets on Friday at 1:30.", "When is the meeting of the data team?", "Friday at 1:30"),
    ];

    private static readonly string[] Events =
    [
        "The guard went round the house and found all doors shut.", "A car came to the gate and went away again.", "The lamp over the stairs was mended.",
        "The rain began and the windows were closed.", "A box was brought to the second floor.", "The lift stood still for a while and then went on.",
    ];

    /// <summary>Lines with paragraphs of their own for the notes.</summary>
    public static IEnumerable<string> Lines(int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (i % 8 == 4 && i / 8 < Notes.Count)
            {
                yield return "";
                yield return Notes[i / 8].Note;
                yield return "";
            }

            yield return Events[i * 7 % Events.Length];
        }
    }
}
