namespace RwkvX.AI.Training.Plans;

/// <summary>A training plan that cannot be followed; the message names file, field, expected and found.</summary>
public sealed class PlanException : Exception
{
    /// <summary>With a message.</summary>
    public PlanException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
