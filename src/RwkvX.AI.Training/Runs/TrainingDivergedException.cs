namespace RwkvX.AI.Training.Runs;

/// <summary>Too many steps in a row had to be skipped.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>With a message.</summary>
    public TrainingDivergedException(string message)
        : base(message)
    {
    }
}
