using RwkvX.AI.Checkpoints;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class InspectCommandTests
{
    [Theory]
    [InlineData("hybrid-long/model.pth", "layers: 4 RWKV-7 + 2 sparse attention, one after every 2", "stored as BF16")]
    [InlineData("hybrid-window", "layers: 3 RWKV-7 + 1 sparse attention, one after every 3", "stored as BF16")]
    [InlineData("rwkv7-plain/model.pth", "layers: 2 RWKV-7", "stored as F32")]
    public async Task Inspect_GoldenModel_PrintsSizesTypesAndLayers(string model, string layers, string type)
    {
        CliRun run = (await CliRun.Of("inspect", Path.Combine(Repository.Fixtures, "golden", model))).Succeeded();
        Assert.Contains(layers, run.Lines);
        Assert.Contains(run.Lines, line => line.StartsWith(type, StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("width: 128, 2 heads of 64", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Inspect_EmbeddedModel_PrintsItsWindowAndVocabulary()
    {
        CliRun run = (await CliRun.Of("inspect", Repository.EmbeddedModel)).Succeeded();
        using ModelFiles files = ModelFiles.OpenDefault();
        (int chunk, int top) = (files.MobaChunkSize, files.MobaTopK);
        IReadOnlyCollection<CheckpointTensor> tensors = [.. files.Checkpoint.Tensors.Values];
        Assert.Contains($"sparse attention: chunks of {chunk} tokens, top {top}: {chunk * top} tokens at a time", run.Lines);
        Assert.Contains(FormattableString.Invariant($"parameters: {tensors.Sum(tensor => tensor.ElementCount):N0} in {tensors.Count} tensors"), run.Lines);
        Assert.Contains(run.Lines, line => line.StartsWith("vocabulary: ", StringComparison.Ordinal) && line.Contains("ids up to 4095", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Inspect_Overrides_AreShown()
    {
        string model = Path.Combine(Repository.Fixtures, "golden", "hybrid-window");
        CliRun run = (await CliRun.Of("inspect", model, "--moba-chunk-size", "32", "--moba-topk", "2")).Succeeded();
        Assert.Contains("sparse attention: chunks of 32 tokens, top 2: 64 tokens at a time", run.Lines);
    }

    [Fact]
    public async Task Inspect_TruncatedFile_NamesIt()
    {
        using TemporaryFolder folder = new();
        byte[] whole = File.ReadAllBytes(Path.Combine(Repository.Fixtures, "golden", "hybrid-window", "model.safetensors"));
        File.WriteAllBytes(folder["model.safetensors"], whole[..^100]);
        (await CliRun.Of("inspect", folder["model.safetensors"])).FailedWith(1, folder["model.safetensors"]);
    }

    [Fact]
    public async Task Inspect_VocabularyWiderThanTheHead_IsRefused()
    {
        string model = Path.Combine(Repository.Fixtures, "golden", "hybrid-window");
        string vocabulary = Repository.EmbeddedVocabulary;
        (await CliRun.Of("inspect", model, "--vocab", vocabulary)).FailedWith(1, vocabulary, "found 4095");
    }
}
