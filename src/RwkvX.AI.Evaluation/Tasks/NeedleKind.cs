namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>The variants of the needle task.</summary>
internal enum NeedleKind
{
    /// <summary>S-NIAH-1: a number in repeated filler.</summary>
    RepeatedFiller,

    /// <summary>S-NIAH-2: a number in prose.</summary>
    Prose,

    /// <summary>S-NIAH-3: an identifier in prose.</summary>
    Identifier,

    /// <summary>Several keys, one of them asked for.</summary>
    MultiKey,

    /// <summary>One key with several values, all asked for.</summary>
    MultiValue,
}
