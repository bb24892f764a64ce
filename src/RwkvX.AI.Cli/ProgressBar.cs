using Spectre.Console;

namespace RwkvX.AI.Cli;

/// <summary>A progress bar on standard error for work that takes a while; nothing where that is no terminal.</summary>
internal static class ProgressBar
{
    /// <summary>Runs work that reports how much of it is done.</summary>
    /// <param name="host">Where the bar goes.</param>
    /// <param name="label">What is being done.</param>
    /// <param name="total">The work's size, in the unit that it reports.</param>
    /// <param name="work">Calls its argument with how much is done in all.</param>
    public static T Run<T>(CliHost host, string label, double total, Func<Action<double>, T> work)
    {
        if (!host.IsErrorTerminal) return work(_ => { });
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Error) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(label), maxValue: total);
                return work(done => task.Value = done);
            });
    }
}
