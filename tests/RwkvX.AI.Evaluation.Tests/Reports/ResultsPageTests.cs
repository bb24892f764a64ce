using RwkvX.AI.Evaluation.Reports;
using RwkvX.AI.Evaluation.Scoring;
using Xunit;

namespace RwkvX.AI.Evaluation.Tests.Reports;

public sealed class ResultsPageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rwkvx-results-").FullName;

    [Theory]
    [InlineData(100, 100, 0.963, 1)]
    [InlineData(95, 100, 0.888, 0.978)]
    [InlineData(0, 10, 0, 0.278)]
    public void TaskCell_Interval_IsWilsons(int right, int count, double low, double high)
    {
        TaskCell cell = new("facts", 1000, null, right, count);
        Assert.Equal(low, cell.Low, 0.001);
        Assert.Equal(high, cell.High, 0.001);
    }

    [Fact]
    public void ClozeQuestions_OfText_AskForTheLastWordOfASentence()
    {
        string sentence = string.Join(' ', Enumerable.Range(0, 29).Select(i => $"w{i}")) + " harbour. And more";
        (string Context, string Target) question = Assert.Single(ClozeQuestions.Of([$"Too short.\n{sentence}\nNo end here"], 10));
        Assert.Equal("harbour", question.Target);
        Assert.EndsWith(" w28", question.Context, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_TwoModels_JudgesTheFirst_AndDrawsBoth()
    {
        Model("rwkvx", passkeys: 10, cloze: 0.5, change: -0.01);
        Model("plain-rwkv7", passkeys: 6, cloze: 0.55, change: 0.02);
        File.WriteAllText(At("rwkvx", "bench.json"), """{"device":"a card","shape":"9x256+3","prefill":[{"tokens":4096,"tokens_per_second":1e6,"seconds":1}],"decode":[{"context":4096,"batch":1,"step_seconds":0.0002}]}""");
        File.WriteAllText(At("rwkvx", "steps.csv"), "head\n1,1k,49152,8.1,1e-3,1,100000,0\n2,1k,98304,7.5,1e-3,1,120000,0\n");
        string page = Path.Combine(_folder, "page", "results.md");
        Directory.CreateDirectory(Path.GetDirectoryName(page)!);
        ResultsPage.Write([.. new[] { "rwkvx", "plain-rwkv7" }.Select(name => ModelResults.Read(Path.Combine(_folder, name)))], page);
        string[] lines = File.ReadAllLines(page);
        string Row(string start) => Assert.Single(lines, line => line.StartsWith("| " + start, StringComparison.Ordinal));
        Assert.Contains("100% (10/10; 72.2 to 100) | 60% (6/10", Row("passkey, 1K × 10 depths"), StringComparison.Ordinal);
        Assert.EndsWith("met |", Row("passkey, 1K × 10 depths"), StringComparison.Ordinal);
        Assert.EndsWith("**missed** |", Row("cloze accuracy over plain"), StringComparison.Ordinal);
        Assert.EndsWith("at every octave | at every octave | not at 32K | met |", Row("loss on held-out novels falls"), StringComparison.Ordinal);
        Assert.Contains("1,000,000 tokens/s", Row("reading 4K"), StringComparison.Ordinal);
        Assert.Contains("30% (3/10", Row("everyday | 500"), StringComparison.Ordinal);
        Assert.Contains("90% (9/10", Row("everyday, never told | 500"), StringComparison.Ordinal);
        Assert.Contains("2, 0.1", Row("steps, million tokens"), StringComparison.Ordinal);
        foreach (string picture in new[] { "passkey-rwkvx.svg", "passkey-plain-rwkv7.svg", "loss-by-position.svg", "training-loss.svg" })
            Assert.InRange(new FileInfo(Path.Combine(_folder, "page", "results", picture)).Length, 1000, 150_000);
    }

    [Fact]
    public void Write_ChangeThatRoundsToNothing_HasNoSign()
    {
        Model("level", passkeys: 10, cloze: 0.5, change: -0.00003);
        string page = Path.Combine(_folder, "results.md");
        ResultsPage.Write([ModelResults.Read(Path.Combine(_folder, "level"))], page);
        Assert.Contains("| 16,384 to 32,768 | 3.0000 ± 0.1000 (0.0000 ± 0.0050) |", File.ReadAllLines(page));
    }

    [Fact]
    public void Read_SomethingElse_SaysWhatWasExpected()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "other"));
        Assert.Contains("found none", Assert.Throws<InvalidDataException>(() => ModelResults.Read(Path.Combine(_folder, "other"))).Message, StringComparison.Ordinal);
        File.WriteAllText(At("other", "passkey.json"), "[1]");
        Assert.Contains("passkey.json", Assert.Throws<InvalidDataException>(() => ModelResults.Read(Path.Combine(_folder, "other"))).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Model(string name, int passkeys, double cloze, double change)
    {
        Directory.CreateDirectory(Path.Combine(_folder, name));
        EvaluationFile file = new() { Verb = "passkey", Model = name, Engine = "cpu", IsComplete = true };
        (file with { Cells = [new TaskCell("passkey", 1024, 0, passkeys / 2, 5), new TaskCell("passkey", 1024, 1, passkeys - (passkeys / 2), 5)] }).Write(At(name, "passkey.json"));
        (file with { Cells = [new TaskCell("everyday", 500, null, 3, 10), new TaskCell("everyday, never told", 500, null, 9, 10)] }).Write(At(name, "everyday.json"));
        (file with { Cloze = new ClozeScore(100, cloze, 9), Cells = [new TaskCell("cloze", 0, null, (int)(100 * cloze), 100)] }).Write(At(name, "cloze.json"));
        PositionLoss Octave(int from, double? step) => new(from, 2 * from, 3, 0.1, 640) { Change = step, ChangeHalfWidth = step is null ? null : 0.005 };
        (file with { Positions = [Octave(8192, null), Octave(16_384, change), Octave(32_768, 0.004)] }).Write(At(name, "novels.json"));
    }

    private string At(string model, string file) => Path.Combine(_folder, model, file);
}
