using Xunit;

namespace RwkvX.AI.Cli.Tests;

/// <summary>One run of the tool in this process, as a script sees it: piped streams, exit code.</summary>
internal sealed record CliRun(int Code, string Out, string Error)
{
    private const string NoteBegin = "rwkvx: device auto took ";

    /// <summary>The line on standard error about the engine that <c>auto</c> took, which is not in <see cref="Error"/>; null where none was written.</summary>
    public string? EngineNote { get; private init; }

    /// <summary>The lines of standard output.</summary>
    public string[] Lines => Out.TrimEnd().ReplaceLineEndings("\n").Split('\n');

    /// <summary>Runs a command line.</summary>
    public static Task<CliRun> Of(params string[] args) => Of("", new BenchEffort(), args);

    /// <summary>Runs a command line with input, and a benchmark's effort.</summary>
    public static async Task<CliRun> Of(string input, BenchEffort effort, params string[] args)
    {
        StringWriter output = new(), error = new();
        CliHost host = new() { In = new StringReader(input), Out = output, Error = error, BenchEffort = effort };
        int code = await RwkvXTool.RunAsync(args, host);
        string said = error.ToString();
        int end = said.StartsWith(NoteBegin, StringComparison.Ordinal) ? said.IndexOf('\n', StringComparison.Ordinal) + 1 : 0;
        return new CliRun(code, output.ToString(), said[end..]) { EngineNote = end > 0 ? said[..end].TrimEnd() : null };
    }

    /// <summary>The run ended well and said nothing else on standard error.</summary>
    public CliRun Succeeded()
    {
        Assert.Equal("", Error);
        Assert.Equal(0, Code);
        return this;
    }

    /// <summary>The run failed with one line on standard error, which holds all these texts, and no stack trace.</summary>
    public void FailedWith(int code, params string[] texts)
    {
        Assert.Equal(code, Code);
        Assert.StartsWith("rwkvx: ", Error, StringComparison.Ordinal);
        Assert.Single(Error.TrimEnd().ReplaceLineEndings("\n").Split('\n'));
        Assert.All(texts, text => Assert.Contains(text, Error, StringComparison.Ordinal));
    }
}
