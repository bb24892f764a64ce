/// <summary>A fact put into the document, the question that asks for it, and the word that a right answer holds.</summary>
internal sealed record PlantedNote(string Text, string Question, string Answer)
{
    /// <summary>Small facts of the kinds that the embedded model was trained to remember.</summary>
    public static readonly IReadOnlyList<PlantedNote> All =
    [
        new("The data team meets on Friday at 1:30.", "When is the meeting of the data team?", "Friday at 1:30"),
        new("Leo has moved to Accra.", "In which city does Leo live?", "Accra"),
        new("The job of Ines is teacher.", "What is the job of Ines?", "teacher"),
        new("Laura has a parrot called Pepper.", "What is the name of the pet of Laura?", "Pepper"),
        new("The favorite food of Alice is mushrooms.", "What does Alice love to eat?", "mushrooms"),
        new("The access code for the grey door is 23902.", "What is the access code for the grey door?", "23902"),
    ];
}
