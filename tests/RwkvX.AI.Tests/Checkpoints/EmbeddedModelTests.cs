using System.Text;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class EmbeddedModelTests
{
    [Fact]
    public void OpenDefault_Embedded_EqualsTheModelDirectory()
    {
        using var embedded = ModelFiles.OpenDefault();
        using var directory = ModelFiles.Open(Fixture.EmbeddedModel);
        Assert.Equal(directory.Manifest, embedded.Manifest);
        Assert.Equal(directory.Checkpoint.Tensors.Count, embedded.Checkpoint.Tensors.Count);
        foreach ((string name, CheckpointTensor tensor) in directory.Checkpoint.Tensors)
            Assert.True(tensor.Bytes.SequenceEqual(embedded.Checkpoint.Get(name, [.. tensor.Shape]).Bytes), name);
        using Stream ours = embedded.OpenVocabulary()!, theirs = directory.OpenVocabulary()!;
        Assert.Equal(new StreamReader(theirs, Encoding.UTF8).ReadToEnd(), new StreamReader(ours, Encoding.UTF8).ReadToEnd());
    }

    [Fact]
    public void OpenDefault_Sizes_AreThoseOfTheModelCard()
    {
        using var files = ModelFiles.OpenDefault();
        var expected = new RwkvXConfig { EmbeddingSize = 256, LayerCount = 8, SparseLayerCount = 2, VocabSize = 4096, MobaChunkSize = 64, MobaTopK = 8 };
        Assert.Equal(expected, ModelTensors.Read(files).Config);
        Assert.Equal("rwkvx-10m", files.Name);
        Assert.Null(files.VocabularyPath);
        Assert.Equal(new GenerationDefaults { Temperature = 0.7f, TopP = 0.8f, MaxTokens = 1024 }, files.Manifest!.Generation);
    }

    [Fact]
    public void OpenDefault_Weights_AreNotCopied()
    {
        ModelFiles.OpenDefault().Dispose(); // loads the assembly
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var files = ModelFiles.OpenDefault();
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000); // of 21 MB
    }
}
