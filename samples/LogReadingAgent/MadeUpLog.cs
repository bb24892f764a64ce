/// <summary>A log of a building with a few notes near its beginning.</summary>
internal static class MadeUpLog
{
    /// <summary>What is noted, what asks for it, and the word that a right answer holds.</summary>
    public static readonly IReadOnlyList<(string Note, string Question, string Answer)> Notes =
    [
        ("Leo lives in Accra.", "In which city does Leo live?", "Accra"),
        ("The archive team meets at 13:30.", "When does the archive team meet?", "13:30"),
        ("The favourite food of Alice is mushrooms.", "What is the favourite food of Alice?", "mushrooms"),
        ("The archive meeting takes place on 12 March.", "When is the archive meeting?", "12 March"),
        ("The access code of the garden room is 23902.", "What is the access code of the garden room?", "23902"),
        ("Ines works as a teacher.", "What does Ines do for a living?", "teacher"),
        ("The birthday of Nadia is 3 May.", "When is the birthday of Nadia?", "3 May"),
        ("The spare key of Theo lies behind the green door.", "Where is the spare key of Theo?", "green door"),
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
