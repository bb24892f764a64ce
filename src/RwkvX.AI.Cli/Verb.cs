using System.CommandLine;

namespace RwkvX.AI.Cli;

/// <summary>A verb whose help ends with examples.</summary>
/// <param name="name">What is typed.</param>
/// <param name="description">One or two sentences, shown in the tool's help too.</param>
/// <param name="examples">Command lines, shown in the verb's own help.</param>
internal sealed class Verb(string name, string description, string examples) : Command(name, description)
{
    /// <summary>Command lines.</summary>
    public string Examples { get; } = examples;
}
