namespace RwkvX.AI.Training.Data;

/// <summary>What a token is part of, which decides how much its loss counts.</summary>
public enum TokenKind : byte
{
    /// <summary>Text worth learning.</summary>
    Prose = 0,

    /// <summary>Text that only makes a document long.</summary>
    Filler = 1,

    /// <summary>A statement that is asked about.</summary>
    Fact = 2,

    /// <summary>What a user says.</summary>
    Question = 3,

    /// <summary>What the model is to say.</summary>
    Answer = 4,

    /// <summary>Behind the last document; never counted.</summary>
    Padding = 5,
}
