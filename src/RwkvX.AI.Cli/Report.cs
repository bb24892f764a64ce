using System.Globalization;
using Spectre.Console;

namespace RwkvX.AI.Cli;

/// <summary>Named figures: an aligned list for people, <c>name: value</c> lines where piped.</summary>
internal sealed class Report
{
    private readonly List<(string Name, string Value)> _lines = [];

    /// <summary>Adds a line; numbers are written the same in every culture.</summary>
    public void Add(string name, FormattableString value) => _lines.Add((name, value.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Writes everything out.</summary>
    public void Write(CliHost host)
    {
        if (!host.IsOutTerminal)
        {
            foreach ((string name, string value) in _lines) host.Out.WriteLine($"{name}: {value}");
            return;
        }

        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap().PadRight(3));
        grid.AddColumn();
        foreach ((string name, string value) in _lines) grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Out) }).Write(grid);
    }
}
