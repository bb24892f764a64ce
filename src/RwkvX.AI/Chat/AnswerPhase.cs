namespace RwkvX.AI.Chat;

/// <summary>Where in its answer the model is.</summary>
internal enum AnswerPhase
{
    /// <summary>Before anything that could tell thinking, a call and text apart.</summary>
    Start,

    /// <summary>Thinking.</summary>
    Reasoning,

    /// <summary>What the caller reads.</summary>
    Text,

    /// <summary>Inside the JSON of a call.</summary>
    Call,

    /// <summary>After the JSON, before the closing mark.</summary>
    CallEnd,

    /// <summary>After a call: another one may come, and nothing else.</summary>
    Between,
}
