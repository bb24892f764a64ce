using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class ImportCommandTests
{
    private static string Source => Path.Combine(Repository.Fixtures, "golden", "hybrid-long", "model.pth");

    [Fact]
    public async Task Import_Pth_WritesADirectoryWithTheSameTensors()
    {
        using TemporaryFolder folder = new();
        string vocabulary = Repository.EmbeddedVocabulary, output = folder["model"];
        (await CliRun.Of("import", Source, "--vocab", vocabulary, "--out", output, "--moba-chunk-size", "16", "--moba-topk", "3")).Succeeded();
        Assert.Equal(File.ReadAllBytes(vocabulary), File.ReadAllBytes(Path.Combine(output, "vocab.txt")));
        using ModelFiles before = ModelFiles.Open(Source), after = ModelFiles.Open(output);
        Assert.Equal((16, 3), (after.MobaChunkSize, after.MobaTopK));
        Assert.Equal(before.Checkpoint.Tensors.Keys.Order(), after.Checkpoint.Tensors.Keys.Order());
        foreach ((string name, CheckpointTensor tensor) in before.Checkpoint.Tensors)
            Assert.True(tensor.Bytes.SequenceEqual(after.Checkpoint.Tensors[name].Bytes), name);
    }

    [Fact]
    public async Task Import_MalformedVocabulary_NamesItAndWritesNothing()
    {
        using TemporaryFolder folder = new();
        string vocabulary = folder.Write("vocab.txt", "[1, 2, 3]\n");
        (await CliRun.Of("import", Source, "--vocab", vocabulary, "--out", folder["model"])).FailedWith(1, vocabulary, "line 1");
        Assert.False(Directory.Exists(folder["model"]));
    }

    [Fact]
    public async Task Import_Int8_QuantizesTheLargeMatrices()
    {
        using TemporaryFolder folder = new();
        (await CliRun.Of("import", Source, "--out", folder["model"], "--precision", "int8")).Succeeded();
        CliRun run = (await CliRun.Of("inspect", folder["model"])).Succeeded();
        Assert.Contains(run.Lines, line => line.StartsWith("stored as I8: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Import_EmbeddedModelInt8_ChoosesTheSameTokensWhereTheChoiceIsClear()
    {
        using TemporaryFolder folder = new();
        (await CliRun.Of("import", Repository.EmbeddedModel, "--out", folder["model"], "--precision", "int8")).Succeeded();
        using ModelFiles stored = ModelFiles.OpenDefault(), int8 = ModelFiles.Open(folder["model"]);
        Assert.Equal(stored.Manifest, int8.Manifest);
        int[] ids = WorldTokenizer.Load(int8.VocabularyPath!).Encode(TrainedTexts.Read("chat"));
        ClearChoices choices = ClearChoices.Of(Logits(stored, ids), Logits(int8, ids), stored.Manifest!.VocabSize!.Value);
        Assert.True(choices.AreKept, $"{choices}");
    }

    /// <summary>(T, V)</summary>
    private static float[] Logits(ModelFiles files, int[] ids)
    {
        using CpuModel model = CpuModel.Load(files);
        using RwkvXState state = model.CreateState();
        float[] logits = new float[ids.Length * model.Config.VocabSize];
        model.Forward(state, ids, logits);
        return logits;
    }
}
