namespace RwkvX.AI.Torch;

/// <summary>libtorch, or TorchSharp's native library over it, could not be loaded. The message says what was tried, what was missing and how to mend it.</summary>
public sealed class LibTorchException : Exception
{
    /// <summary>With a message for people.</summary>
    public LibTorchException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
