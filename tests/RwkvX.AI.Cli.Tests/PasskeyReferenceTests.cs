using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Reference;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

/// <summary>The passkey task on the engine and on the scalar reference.</summary>
/// <remarks>
/// The reference needs about 10 ms a token, so the test is short unless RWKVX_REFERENCE_PASSKEY says TOKENS,DEPTHS,SAMPLES:
/// 8000,5,1 takes some minutes.
/// </remarks>
public sealed class PasskeyReferenceTests
{
    [Fact]
    public void Run_EmbeddedModel_GivesTheAnswersOfTheScalarReference()
    {
        string grid = Environment.GetEnvironmentVariable("RWKVX_REFERENCE_PASSKEY") ?? (ScalarRun.IsShort ? "600,1,1" : "600,2,1");
        int[] sizes = [.. grid.Split(',').Select(int.Parse)];
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel engine = CpuModel.Load(files, new CpuModelOptions { Threads = 1 });
        using ReferenceModel reference = ReferenceModel.Of(files);
        using Stream vocabulary = files.OpenVocabulary()!;
        WorldTokenizer tokenizer = WorldTokenizer.Load(vocabulary);
        PasskeyTask.Sample[] Run(IRwkvXModel model) =>
            [.. new PasskeyTask(model, tokenizer) { ShareTrunk = true }.Run(sizes[0], sizes[1], sizes[2], seed: 1, TestContext.Current.CancellationToken)];

        PasskeyTask.Sample[] expected = Run(reference), actual = Run(engine);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', expected.Select(sample => $"{sample}")));
        Assert.Equal(expected, actual);
    }
}
