using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class RwkvXToolTests
{
    private static readonly string[] Verbs = ["chat", "inspect", "import", "tokenize", "logits", "passkey", "bench"];

    private static string Model => Repository.EmbeddedModel;

    [Fact]
    public async Task Run_WithoutVerb_ShowsAllVerbsAndSaysThatItWasNoUse()
    {
        CliRun run = await CliRun.Of();
        Assert.Equal(2, run.Code);
        Assert.Equal("", run.Error);
        Assert.All(Verbs, verb => Assert.Contains($"\n  {verb}", run.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_HelpOfAVerb_EndsWithExamples()
    {
        foreach (string verb in Verbs)
        {
            CliRun run = (await CliRun.Of(verb, "--help")).Succeeded();
            Assert.Contains($"Examples:{Environment.NewLine}  ", run.Out, StringComparison.Ordinal);
            Assert.Contains($"  rwkvx {verb}", run.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Run_HelpOfAnyCommand_IsShown_AndItsExamplesAreRightUsage()
    {
        RootCommand root = RwkvXTool.Commands(CliHost.OfProcess());
        List<string> wrong = [];
        async Task WalkAsync(Command command, params string[] path)
        {
            CliRun run = (await CliRun.Of([.. path, "--help"])).Succeeded();
            Assert.Contains(command.Description!, run.Out, StringComparison.Ordinal);
            foreach (string line in (command as Verb)?.Examples.Split('\n').Where(line => line.StartsWith("rwkvx ", StringComparison.Ordinal)) ?? [])
            {
                string[] words = [.. CommandLineParser.SplitCommandLine(Regex.Split(line, @"  +| [>&|#] | && ")[0])];
                wrong.AddRange(root.Parse(words[1..]).Errors.Select(error => $"{line}: {error.Message}"));
            }

            foreach (Command inner in command.Subcommands) await WalkAsync(inner, [.. path, inner.Name]);
        }

        await WalkAsync(root);
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("--seven", "chat", "--seven")]
    [InlineData("fly", "fly")]
    [InlineData("eval: expected one of passkey, needle, ", "eval")]
    [InlineData("memory: expected one of append, ask, ", "memory", "--verbose")]
    [InlineData("Must be one of: 'f32' 'bf16' ", "chat", "--precision", "int4")]
    [InlineData("--tokens", "passkey", "--samples", "1")]
    [InlineData("--tokens", "passkey", "--samples", "1", "--tokens", "0")]
    [InlineData("--tokens", "passkey", "--samples", "1", "--tokens", "many")]
    [InlineData("--vocab", "tokenize", "--in", "a", "--out", "b")]
    [InlineData("--schedule", "logits", "--model", "a", "--tokens", "b", "--out", "c", "--schedule", "split:0")]
    [InlineData("--schedule", "logits", "--model", "a", "--tokens", "b", "--out", "c", "--schedule", "fast")]
    [InlineData("--precision", "logits", "--model", "a", "--tokens", "b", "--out", "c", "--precision", "fp4")]
    [InlineData("Must be one of: 'f32' 'f16'", "chat", "--state", "bf16")]
    [InlineData("--model", "logits", "--tokens", "b", "--out", "c")]
    [InlineData("--moba-topk: expected 1 to 65536", "inspect", "a", "--moba-topk", "0")]
    [InlineData("--moba-topk: expected 1 to 65536", "logits", "--model", "a", "--tokens", "b", "--out", "c", "--moba-topk", "65537")]
    [InlineData("--moba-chunk-size: expected 1 to 1048576", "import", "a", "--out", "b", "--moba-chunk-size", "99999999")]
    [InlineData("--moba-chunk-size: expected a whole number", "inspect", "a", "--moba-chunk-size", "NaN")]
    [InlineData("inspect", "inspect")]
    [InlineData("--out", "import", "a")]
    [InlineData("--temperature", "chat", "--temperature", "-1")]
    [InlineData("--temperature", "chat", "--temperature", "NaN")]
    [InlineData("--temperature", "chat", "--temperature", "1e30")]
    [InlineData("--temperature: expected a number, found warm", "chat", "--temperature", "warm")]
    [InlineData("--max-tokens: expected a whole number", "chat", "--max-tokens", "99999999999")]
    [InlineData("--seed: expected a whole number", "chat", "--seed", "1.5")]
    [InlineData("--model", "chat", "--model", "")]
    [InlineData("--document", "chat", "--document", "a", "--document", "")]
    [InlineData("--once", "chat", "--once", " ")]
    [InlineData("--tokens", "logits", "--model", "a", "--tokens", "", "--out", "c")]
    [InlineData("--out", "import", "a", "--out", "")]
    [InlineData("PATH", "inspect", "")]
    [InlineData("--max-tokens", "chat", "--max-tokens", "0")]
    [InlineData("--shape", "bench", "--shape", "12x100+4")]
    [InlineData("--shape", "bench", "--shape", "12x768+5")]
    [InlineData("--shape", "bench", "--shape", "12x768", "--model", "a")]
    public async Task Run_WrongUsage_IsOneLineThatNamesTheFlag(string named, params string[] args) => (await CliRun.Of(args)).FailedWith(2, named);

    [Fact]
    public async Task Run_MissingFile_IsOneLineThatNamesIt()
    {
        using TemporaryFolder folder = new();
        string missing = folder["missing"], ids = folder.Write("ids.json", "[1, 2]"), texts = folder.Write("texts.json", "[\"a\"]");
        string vocabulary = Path.Combine(Model, "vocab.txt");
        (await CliRun.Of("inspect", missing)).FailedWith(1, missing);
        (await CliRun.Of("import", missing, "--out", folder["out"])).FailedWith(1, missing);
        (await CliRun.Of("import", Model, "--vocab", missing, "--out", folder["out"])).FailedWith(1, missing);
        (await CliRun.Of("logits", "--model", missing, "--tokens", ids, "--out", folder["o"])).FailedWith(1, missing);
        (await CliRun.Of("logits", "--model", Model, "--tokens", missing, "--out", folder["o"])).FailedWith(1, missing);
        (await CliRun.Of("logits", "--model", Model, "--tokens", ids, "--out", Path.Combine(missing, "o"))).FailedWith(1, missing);
        (await CliRun.Of("tokenize", "--vocab", missing, "--in", texts, "--out", folder["o"])).FailedWith(1, missing);
        (await CliRun.Of("tokenize", "--vocab", vocabulary, "--in", missing, "--out", folder["o"])).FailedWith(1, missing);
        (await CliRun.Of("tokenize", "--vocab", vocabulary, "--in", texts, "--out", Path.Combine(missing, "o"))).FailedWith(1, missing);
        (await CliRun.Of("chat", "--model", missing, "--once", "hi")).FailedWith(1, missing);
        (await CliRun.Of("chat", "--document", missing, "--once", "hi")).FailedWith(1, missing);
        (await CliRun.Of("passkey", "--model", missing, "--tokens", "500", "--samples", "1")).FailedWith(1, missing);
        (await CliRun.Of("bench", "--model", missing)).FailedWith(1, missing);
    }

    [Fact]
    public async Task Run_DirectoryForAFile_IsOneLineThatNamesIt()
    {
        using TemporaryFolder folder = new();
        string directory = Directory.CreateDirectory(folder["directory"]).FullName;
        string ids = folder.Write("ids.json", "[1, 2]"), texts = folder.Write("texts.json", "[\"a\"]"), vocabulary = Path.Combine(Model, "vocab.txt");
        (await CliRun.Of("inspect", directory)).FailedWith(1, directory);
        (await CliRun.Of("logits", "--model", Model, "--tokens", directory, "--out", folder["o"])).FailedWith(1, directory);
        (await CliRun.Of("logits", "--model", Model, "--tokens", ids, "--out", directory)).FailedWith(1, directory, "found a directory");
        (await CliRun.Of("tokenize", "--vocab", directory, "--in", texts, "--out", folder["o"])).FailedWith(1, directory);
        (await CliRun.Of("tokenize", "--vocab", vocabulary, "--in", directory, "--out", folder["o"])).FailedWith(1, directory);
        (await CliRun.Of("tokenize", "--vocab", vocabulary, "--in", texts, "--out", directory)).FailedWith(1, directory, "found a directory");
        (await CliRun.Of("chat", "--document", directory, "--once", "hi")).FailedWith(1, directory);
        (await CliRun.Of("bench", "--json", directory)).FailedWith(1, directory, "found a directory");
        (await CliRun.Of("import", Model, "--out", ids)).FailedWith(1, ids, "found a file");
        Assert.Equal("[1, 2]", File.ReadAllText(ids));
    }

    [Fact]
    public async Task Run_EngineThatIsNotHere_NamesTheFlag()
    {
        using TemporaryFolder folder = new();
        string ids = folder.Write("ids.json", "[1, 2]");
        string[] logits = ["logits", "--model", Model, "--tokens", ids, "--out", folder["o"]];
        (await CliRun.Of([.. logits, "--engine", "cpu", "--device", "cuda"])).FailedWith(1, "--device");
        (await CliRun.Of([.. logits, "--device", "cpu", "--precision", "fp8"])).FailedWith(1, "precision", "Fp8");
        (await CliRun.Of([.. logits, "--device", "cpu", "--state", "f16"])).FailedWith(1, "states in F32", "F16");
        (await CliRun.Of("chat", "--device", "cpu", "--state", "f16", "--once", "hi")).FailedWith(1, "states in F32", "F16");
        (await CliRun.Of("bench", "--state", "f16")).FailedWith(1, "--state f16: expected --device cuda");
    }

    [Fact]
    public async Task Run_StandardErrorThatIsFull_StillGivesTheCode()
    {
        using FullWriter full = new();
        CliHost host = new() { In = TextReader.Null, Out = TextWriter.Null, Error = full };
        Assert.Equal(1, await RwkvXTool.RunAsync(["inspect", "/no/such/model"], host));
        Assert.Equal(2, await RwkvXTool.RunAsync(["fly"], host));
    }

    [Fact]
    public async Task Run_ModelWithoutVocabulary_NamesTheFlag()
    {
        string model = Path.Combine(Repository.Fixtures, "golden", "hybrid-window");
        (await CliRun.Of("passkey", "--model", model, "--tokens", "500", "--samples", "1")).FailedWith(1, "--vocab", "vocab.txt");
        (await CliRun.Of("chat", "--model", model, "--once", "hi")).FailedWith(1, "vocab");
    }

    [Fact]
    public async Task Run_OverridesWithoutModel_NameTheFlag()
    {
        (await CliRun.Of("chat", "--moba-topk", "3", "--once", "hi")).FailedWith(1, "--moba-topk");
        (await CliRun.Of("passkey", "--vocab", "x", "--tokens", "500", "--samples", "1")).FailedWith(1, "--vocab");
    }

    [Fact]
    public async Task Run_Verbose_ShowsWhereTheErrorCameFrom()
    {
        CliRun run = await CliRun.Of("inspect", "/no/such/model", "--verbose");
        Assert.Equal(1, run.Code);
        Assert.Contains("   at RwkvX.AI.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ResponseFileSyntax_IsPlainText() =>
        Assert.DoesNotContain("@nobody", (await CliRun.Of("chat", "--once", "@nobody", "--max-tokens", "1")).Error, StringComparison.Ordinal);

    private sealed class FullWriter : StringWriter
    {
        public override void WriteLine(string? value) => throw new IOException("no space left on device");
    }
}
