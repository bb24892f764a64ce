namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>What a part of a generated document is.</summary>
public enum PartKind
{
    /// <summary>Text that only makes the document long.</summary>
    Filler,

    /// <summary>A statement that is asked about.</summary>
    Fact,

    /// <summary>The frame, and what the user says.</summary>
    Question,

    /// <summary>What the model is to say, with the end of its turn.</summary>
    Answer,
}
