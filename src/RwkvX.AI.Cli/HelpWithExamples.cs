using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace RwkvX.AI.Cli;

/// <summary>The usual help, and a verb's examples below it.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _usual;

    private HelpWithExamples(HelpAction usual) => _usual = usual;

    /// <summary>Replaces the help of a tool and all its verbs.</summary>
    public static void Install(RootCommand root)
    {
        HelpOption option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpWithExamples((HelpAction)option.Action!);
    }

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int code = _usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not Verb verb) return code;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string line in verb.Examples.Split('\n')) output.WriteLine("  " + line);
        return code;
    }
}
