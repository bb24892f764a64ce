using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class PasskeyTests
{
    private static WorldTokenizer Tokenizer => WorldTokenizer.Load(Repository.EmbeddedVocabulary);

    [Fact]
    public void Write_ThePromptThatTheModelWasTrainedOn_IsTheSameText()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Fixtures, "bootstrap-cases.json")));
        string trained = cases.RootElement.GetProperty("passkey2k").GetProperty("text").GetString()!;
        string[] lines = trained.Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.Equal(trained, PasskeyPrompt.Write(40823, lines[1].Length + lines[3].Length, lines[1].Length) + " 40823.");
    }

    [Theory]
    [InlineData(500)]
    [InlineData(8000)]
    public void FitFiller_Tokens_FillsThePromptWithoutExceeding(int tokens)
    {
        int filler = PasskeyPrompt.FitFiller(Tokenizer, tokens);
        Assert.InRange(Tokenizer.CountTokens(PasskeyPrompt.Write(PasskeyPrompt.MaxKey, filler, filler / 2)), tokens - 5, tokens);
        Assert.Equal(0, PasskeyPrompt.FitFiller(Tokenizer, 20));
    }

    [Fact]
    public void Run_SharedTrunk_GivesTheAnswersOfSeparateRuns()
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files);
        PasskeyTask.Sample[] Run(bool share) => [.. new PasskeyTask(model, Tokenizer) { ShareTrunk = share }.Run(600, 3, 2, 1, default)];
        PasskeyTask.Sample[] separate = Run(share: false);
        Assert.Equal(separate, Run(share: true));
        Assert.Equal([0, 0, 1 / 3d, 1 / 3d, 2 / 3d, 2 / 3d], separate.Select(sample => sample.Depth));
        Assert.All(separate, sample => Assert.InRange(sample.Tokens, 590, 600));
        Assert.Equal(6, separate.Select(sample => sample.Key).Distinct().Count());
    }

    [Fact]
    public void Run_ModelThatRecalls_IsRightAndOneThatDoesNotIsWrong()
    {
        // Goes on as after the first "pass key is", or always with the same digit.
        int[] cue = Tokenizer.Encode(" pass key is");
        using ScriptedModel recalling = ScriptedModel.Choosing(4096, history =>
        {
            int told = history.AsSpan().IndexOf(cue), asked = history.AsSpan().LastIndexOf(cue);
            return history[told + history.Length - asked];
        });
        PasskeyTask.Sample[] right = [.. new PasskeyTask(recalling, Tokenizer).Run(500, 2, 2, 7, default)];
        Assert.All(right, sample => Assert.True(sample.IsRight, $"{sample}"));

        using ScriptedModel guessing = ScriptedModel.Choosing(4096, _ => '7' + 1);
        Assert.All(new PasskeyTask(guessing, Tokenizer).Run(500, 2, 2, 7, default), sample => Assert.False(sample.IsRight));
    }

    [Fact]
    public async Task Passkey_EmbeddedModel_PrintsARowADepthAndTheCount()
    {
        CliRun run = (await CliRun.Of("passkey", "--tokens", "500", "--samples", "1", "--depths", "2", "--seed", "1")).Succeeded();
        Assert.Equal(4, run.Lines.Length);
        Assert.Matches("^depth 0%: [01] of 1: ", run.Lines[0]);
        Assert.Matches("^depth 50%: [01] of 1: ", run.Lines[1]);
        Assert.Matches("^passkey 500 tokens: [0-2] of 2$", run.Lines[^1]);
        Assert.Equal(run.Lines[^1], (await CliRun.Of("passkey", "--tokens", "500", "--samples", "1", "--depths", "2")).Lines[^1]);
    }

    [Fact]
    public async Task Passkey_TooFewTokens_NamesTheFlag() => (await CliRun.Of("passkey", "--tokens", "10", "--samples", "1")).FailedWith(1, "--tokens");
}
