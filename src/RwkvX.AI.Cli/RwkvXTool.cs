using System.CommandLine;
using System.CommandLine.Parsing;
using RwkvX.AI.Cli.Memory;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>The tool <c>rwkvx</c>: all verbs, and what becomes of errors.</summary>
/// <remarks>Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. An error is one line on standard error, the last one there.</remarks>
internal static class RwkvXTool
{
    private const int Failed = 1, WrongUsage = 2, Interrupted = 130; // 128 + SIGINT

    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Show where an error came from.", Recursive = true };

    /// <summary>Runs one command line.</summary>
    public static async Task<int> RunAsync(string[] args, CliHost host)
    {
        // No response files: a question may begin with '@'.
        ParseResult result = Commands(host).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (args.Length == 0)
        {
            await Commands(host).Parse("--help").InvokeAsync(Configuration(host));
            return WrongUsage;
        }

        if (result.Errors.Count > 0)
        {
            host.Tell($"rwkvx: {OneLine(UsageError(result))}");
            return WrongUsage;
        }

        if (EmptyValue(result) is { } name)
        {
            host.Tell($"rwkvx: {name}: expected a value, found an empty one");
            return WrongUsage;
        }

        try
        {
            return await result.InvokeAsync(Configuration(host));
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (Exception e)
        {
            host.Tell(result.GetValue(Verbose) ? e.ToString() : $"rwkvx: {OneLine(Describe(e))}");
            return Failed;
        }
    }

    /// <summary>All verbs.</summary>
    public static RootCommand Commands(CliHost host)
    {
        RootCommand root = new(
            "Runs RWKV-X language models, which keep a long memory in a small state, on this machine. Try 'rwkvx chat', or 'rwkvx chat --help'.")
        {
            ChatCommand.Create(host),
            MemoryCommand.Create(host),
            ServeCommand.Create(host),
            InspectCommand.Create(host),
            ImportCommand.Create(host),
            TokenizeCommand.Create(host),
            LogitsCommand.Create(host),
            PasskeyCommand.Create(host),
            BenchCommand.Create(host),
            EvalCommand.Create(host),
            TrainCommand.Create(host),
            VocabCommand.Create(host),
            Verbose,
        };
        HelpWithExamples.Install(root);
        return root;
    }

    private static InvocationConfiguration Configuration(CliHost host) => new()
    {
        Output = host.Out,
        Error = host.Error,
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = TimeSpan.FromSeconds(10), // serve lets answers end
    };

    /// <summary>The first error, with the flag's name before it where it has none.</summary>
    private static string UsageError(ParseResult result)
    {
        if (result.UnmatchedTokens.Count > 0) return $"{result.UnmatchedTokens[0]}: unknown verb or flag";
        if (result.CommandResult.Command is { Action: null } command) return $"{command.Name}: expected one of {string.Join(", ", command.Subcommands.Select(inner => inner.Name))} after it";
        ParseError error = result.Errors[0];
        OptionResult? option = error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;
        if (option is null) return error.Message;
        string flag = option.Option.Name;
        if (option.Tokens.Count == 1 && error.Message.Contains(option.Option.ValueType.ToString(), StringComparison.Ordinal))
            return $"{flag}: expected {Kind(option.Option.ValueType)}, found {option.Tokens[0].Value}"; // instead of a type's name
        return error.Message.Contains(flag, StringComparison.Ordinal) ? error.Message : $"{flag}: {error.Message}";
    }

    private static string Kind(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.Int32 => $"a whole number up to {int.MaxValue}",
        TypeCode.Int64 => $"a whole number up to {long.MaxValue}",
        TypeCode.Single or TypeCode.Double => "a number",
        _ => "another value",
    };

    /// <summary>The first flag or argument that was given without anything in it.</summary>
    private static string? EmptyValue(ParseResult result) => result.CommandResult.Children
        .FirstOrDefault(child => child.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value))) switch
    {
        OptionResult option => option.Option.Name,
        ArgumentResult argument => argument.Argument.Name,
        _ => null,
    };

    private static string Describe(Exception e) => e is EngineUnavailableException ? $"--device: {e.Message}" : e.Message;

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Replace('\t', ' ').Replace("  ", " ", StringComparison.Ordinal).Trim();
}
