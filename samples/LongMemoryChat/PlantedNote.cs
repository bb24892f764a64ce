/// <summary>A fact put into the document, the question that asks for it, and the word that a right answer holds.</summary>
internal sealed record PlantedNote(string Text, string Question, string Answer)
{
    /// <summary>Small facts of the kinds that the embedded model was trained to remember.</summary>
    public static readonly IReadOnlyList<PlantedNote> All =
    [
        new("The archive team meets at 13:30.", "When does the archive team meet?", "13:30"),
        new("Leo has moved to Accra.", "In which city does Leo live?", "Accra"),
        new("By profession Ines is a teacher.", "What does Ines do for a living?", "teacher"),
        new("The dog of Laura is called Pepper.", "What is the name of the dog of Laura?", "Pepper"),
        new("The favourite food of Alice is mushrooms.", "What is the favourite food of Alice?", "mushrooms"),
        new("The access code of the garden room is 23902.", "What is the access code of the garden room?", "23902"),
    ];
}
