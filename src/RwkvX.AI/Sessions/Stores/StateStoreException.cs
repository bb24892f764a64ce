namespace RwkvX.AI.Sessions.Stores;

/// <summary>A store could not do what was asked. The errors that a caller may want to tell apart are derived from this one.</summary>
public class StateStoreException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong, naming what was expected and what was found.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public StateStoreException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
