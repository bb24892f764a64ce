using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class ChatCommandTests
{
    [Fact]
    public async Task Chat_Once_PrintsOnlyTheAnswerAndRepeatsItWhenGreedy()
    {
        string[] args = ["chat", "--once", "My name is Nora. What is my name?", "--temperature", "0", "--max-tokens", "16"];
        CliRun run = (await CliRun.Of(args)).Succeeded();
        Assert.NotEqual("", run.Out.Trim());
        Assert.DoesNotContain("User:", run.Out, StringComparison.Ordinal);
        Assert.EndsWith(Environment.NewLine, run.Out, StringComparison.Ordinal);
        Assert.Equal(run.Out, (await CliRun.Of(args)).Out);
    }

    [Fact]
    public async Task Chat_Document_IsRead()
    {
        using TemporaryFolder folder = new();
        string document = folder.Write("notes.txt", "Notes of the week.\n\nThe access code of the red door is 4711.\n\nThe boat is old.\n");
        string[] question = ["--once", "What is the access code of the red door?", "--temperature", "0", "--max-tokens", "24"];
        CliRun with = (await CliRun.Of(["chat", "--document", document, .. question])).Succeeded();
        CliRun without = (await CliRun.Of(["chat", .. question])).Succeeded();
        Assert.Contains("4711", with.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", without.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_Conversation_AnswersEachLineAndShowsWhatIsRemembered()
    {
        const string input = "My name is Nora.\n\n/stats\nWhat is my name?\n/stats\n/what\n/exit\nnever asked\n";
        CliRun run = (await CliRun.Of(input, new BenchEffort(), "chat", "--temperature", "0", "--max-tokens", "24")).Succeeded();
        int[] remembered = [.. Numbers(run, "tokens remembered: ")];
        Assert.Equal(2, remembered.Length);
        Assert.InRange(remembered[0], 5, remembered[1] - 1);
        Assert.Equal(2, Numbers(run, "state bytes: ").Count(bytes => bytes > 500_000));
        Assert.Equal(2, run.Lines.Count(line => line.StartsWith("tokens/s: ", StringComparison.Ordinal)));
        string second = Assert.Single(run.Lines.Where(line => line.StartsWith("last turn: ", StringComparison.Ordinal)).Skip(1));
        Assert.DoesNotContain("last turn: 0 tokens already known", second, StringComparison.Ordinal);
        Assert.Contains("commands: /stats, /exit", run.Lines);
        Assert.DoesNotContain('>', run.Out);
    }

    private static IEnumerable<int> Numbers(CliRun run, string name) => run.Lines
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => int.Parse(line[name.Length..].Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture));
}
