namespace RwkvX.AI.Cli;

/// <summary>An error to be told in one line that names the file or flag.</summary>
/// <param name="message">The line, without the program's name.</param>
/// <param name="inner">The cause, shown with --verbose.</param>
internal sealed class CliException(string message, Exception? inner = null) : Exception(message, inner);
