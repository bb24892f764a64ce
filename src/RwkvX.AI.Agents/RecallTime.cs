namespace RwkvX.AI.Agents;

/// <summary>When a memory is asked.</summary>
public enum RecallTime
{
    /// <summary>Before each run, with the run's last user message; the answer goes into the instructions.</summary>
    BeforeEachRun,

    /// <summary>When the agent's model calls the tool <c>recall</c>.</summary>
    OnDemand,
}
