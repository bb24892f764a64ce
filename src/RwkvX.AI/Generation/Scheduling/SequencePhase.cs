namespace RwkvX.AI.Generation.Scheduling;

/// <summary>Where a sequence stands.</summary>
internal enum SequencePhase
{
    /// <summary>Nothing to run.</summary>
    Idle,

    /// <summary>Waits for a pass.</summary>
    Waiting,

    /// <summary>Is in the running pass.</summary>
    Running,

    /// <summary>Its run has ended and it is about to go on.</summary>
    Ending,
}
