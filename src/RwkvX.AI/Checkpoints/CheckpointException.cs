namespace RwkvX.AI.Checkpoints;

/// <summary>A model file is missing, damaged, hostile or not what its name or its companions say.</summary>
/// <remarks>The message has the form <c>file: tensor: expected X, found Y</c>; parts that do not apply are left out.</remarks>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the error for a whole file.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="problem">What is wrong, naming what was expected and what was found.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public CheckpointException(string file, string problem, Exception? inner = null)
        : base($"{file}: {problem}", inner) => File = file;

    /// <summary>Creates the error for one tensor or field of a file.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="tensor">The tensor's or field's name.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    public CheckpointException(string file, string tensor, string expected, string found)
        : base($"{file}: {tensor}: expected {expected}, found {found}")
    {
        File = file;
        Tensor = tensor;
        Expected = expected;
        Found = found;
    }

    /// <summary>The file's path.</summary>
    public string File { get; }

    /// <summary>The tensor's or field's name; null where the whole file is meant.</summary>
    public string? Tensor { get; }

    /// <summary>What should be there; null where the message says it in words.</summary>
    public string? Expected { get; }

    /// <summary>What is there; null where the message says it in words.</summary>
    public string? Found { get; }
}
