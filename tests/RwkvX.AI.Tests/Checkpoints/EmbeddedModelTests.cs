using System.Text;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class EmbeddedModelTests
{
    [Fact]
    public void OpenDefault_Embedded_EqualsTheModelDirectory()
    {
        using var embedded = ModelFiles.OpenDefault();
        using var directory = ModelFiles.Open(Repository.EmbeddedModel);
        Assert.Equal(directory.Manifest, embedded.Manifest);
        Assert.Equal(directory.Checkpoint.Tensors.Count, embedded.Checkpoint.Tensors.Count);
        foreach ((string name, CheckpointTensor tensor) in directory.Checkpoint.Tensors)
            Assert.True(tensor.Bytes.SequenceEqual(embedded.Checkpoint.Get(name, [.. tensor.Shape]).Bytes), name);
        using Stream ours = embedded.OpenVocabulary()!, theirs = directory.OpenVocabulary()!;
        Assert.Equal(new StreamReader(theirs, Encoding.UTF8).ReadToEnd(), new StreamReader(ours, Encoding.UTF8).ReadToEnd());
    }

    [Fact]
    public void OpenDefault_NameAndSizes_AreThoseOfTheModelCard()
    {
        using var files = ModelFiles.OpenDefault();
        string card = File.ReadAllText(Path.Combine(Repository.EmbeddedModel, "README.md"));
        RwkvXConfig config = ModelTensors.Read(files).Config;
        double parameters = files.Checkpoint.Tensors.Values.Sum(tensor => tensor.ElementCount) / 1e6;
        Assert.StartsWith($"# {Repository.EmbeddedModelName}\n", card.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"{config.LayerCount} RWKV-7 layers of width {config.EmbeddingSize} "), card, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"({config.SparseLayerCount} in all)"), card, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"chunks of {config.MobaChunkSize} tokens, top-k {config.MobaTopK}:"), card, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"| {config.VocabSize:N0} ids"), card, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"| {parameters:F1} million"), card, StringComparison.Ordinal);
        Assert.Equal(Repository.EmbeddedModelName, files.Name);
        Assert.Null(files.VocabularyPath);
        Assert.Equal(new GenerationDefaults { Temperature = 0.7f, TopP = 0.8f, MaxTokens = 1024 }, files.Manifest!.Generation);
    }

    [Fact]
    public void OpenDefault_Weights_AreNotCopied()
    {
        ModelFiles.OpenDefault().Dispose(); // loads the assembly
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var files = ModelFiles.OpenDefault();
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000); // of more than 10 MB
    }
}
