using RwkvX.AI.Evaluation.Reports;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class EvalCommandTests
{
    [Fact]
    public async Task Passkey_OnTheCpu_LeavesCountsByLengthAndDepth()
    {
        using TemporaryFolder folder = new();
        string file = folder["passkey.json"];
        CliRun run = (await CliRun.Of("eval", "passkey", "--lengths", "200", "400", "--depths", "2", "--device", "cpu", "--out", file)).Succeeded();
        Assert.Matches(@"^passkey 400 tokens: \d of 2, 95% interval ", run.Lines[^1]);
        var found = EvaluationFile.Read(file);
        Assert.True(found.IsComplete);
        Assert.Equal([(200, 0.0, 1), (200, 1.0, 1), (400, 0.0, 1), (400, 1.0, 1)], found.Cells!.Select(cell => (cell.Tokens, cell.Depth!.Value, cell.Count)));
    }

    [Fact]
    public async Task Report_FilesOfAModel_WritesThePage_OrSaysWhatIsMissing()
    {
        using TemporaryFolder folder = new();
        string page = folder["page.md"];
        (await CliRun.Of("eval", "report", folder[""], "--out", page)).FailedWith(1, "expected the files of eng/evaluate-model.sh");
        (await CliRun.Of("eval", "unknown", "--tokens", "200", "--documents", "1", "--device", "cpu", "--out", folder["unknown.json"])).Succeeded();
        (await CliRun.Of("eval", "report", folder[""], "--out", page)).Succeeded();
        Assert.Contains("says of what was never told that it does not know", await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
