namespace RwkvX.AI.Training.Distributed;

/// <summary>Training over several processes cannot start or go on.</summary>
internal sealed class ProcessGroupException : Exception
{
    /// <summary>With a message.</summary>
    public ProcessGroupException(string message)
        : base(message)
    {
    }
}
