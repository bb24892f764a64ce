using System.CommandLine;
using System.CommandLine.Parsing;
using RwkvX.AI.Cli.Memory;

namespace RwkvX.AI.Cli;

/// <summary>The tool <c>rwkvx</c>: all verbs, and what becomes of errors.</summary>
/// <remarks>Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. An error is one line on standard error.</remarks>
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
            await host.Error.WriteLineAsync($"rwkvx: {OneLine(UsageError(result))}");
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
            await host.Error.WriteLineAsync(result.GetValue(Verbose) ? e.ToString() : $"rwkvx: {OneLine(e.Message)}");
            return Failed;
        }
    }

    private static RootCommand Commands(CliHost host)
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
        ParseError error = result.Errors[0];
        string? flag = (error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult)?.Option.Name;
        return flag is null || error.Message.Contains(flag, StringComparison.Ordinal) ? error.Message : $"{flag}: {error.Message}";
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
