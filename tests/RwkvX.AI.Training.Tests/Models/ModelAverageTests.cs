using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Training.Models;
using Xunit;

namespace RwkvX.AI.Training.Tests.Models;

public sealed class ModelAverageTests
{
    [Fact]
    public void Write_TwoModels_HasTheMeanOfEachElementInTheFirstOnesTypes()
    {
        using TestFolder folder = new();
        string one = Model(folder, "one", Precision.F32), other = Model(folder, "other", Precision.BF16, value => 2 * value + 1);
        ModelAverage.Write([one, other], [0.75, 0.25], folder.File("mean"));
        using ModelFiles first = ModelFiles.Open(one), second = ModelFiles.Open(other), mean = ModelFiles.Open(folder.File("mean"));
        Assert.Equal(first.Manifest, mean.Manifest);
        Assert.Equal(File.ReadAllBytes(first.VocabularyPath!), File.ReadAllBytes(mean.VocabularyPath!));
        Assert.Equal(first.Checkpoint.Tensors.Keys, mean.Checkpoint.Tensors.Keys);
        foreach ((string name, CheckpointTensor tensor) in mean.Checkpoint.Tensors)
        {
            Assert.Equal(TensorType.F32, tensor.Type);
            float[] a = Values(first, name), b = Values(second, name), found = Values(mean, name);
            for (int i = 0; i < found.Length; i++) Assert.Equal(0.75 * a[i] + 0.25 * b[i], found[i], 1e-6 * (1 + Math.Abs(b[i])));
        }
    }

    [Fact]
    public void Write_OneModelTwice_IsThatModel()
    {
        using TestFolder folder = new();
        string model = Model(folder, "model", Precision.BF16);
        ModelAverage.Write([model, model], [0.5, 0.5], folder.File("mean"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(model, "model.safetensors")), File.ReadAllBytes(Path.Combine(folder.File("mean"), "model.safetensors")));
    }

    [Fact]
    public void Write_IntoOneOfTheModels_ReplacesIt()
    {
        using TestFolder folder = new();
        string one = Model(folder, "one", Precision.F32), other = Model(folder, "other", Precision.F32, value => value + 1);
        ModelAverage.Write([one, other], [0, 1], one);
        using ModelFiles mean = ModelFiles.Open(one), second = ModelFiles.Open(other);
        foreach (string name in mean.Checkpoint.Tensors.Keys) Assert.Equal(Values(second, name), Values(mean, name));
    }

    [Fact]
    public void Write_OtherShape_NamesTheTensorAndWritesNothing()
    {
        using TestFolder folder = new();
        string other = folder.File("other");
        ModelImporter.Import(Path.Combine(Repository.Fixtures, "golden", "rwkv7-plain", "model.pth"), other, new ModelImportOptions { VocabularyPath = Repository.EmbeddedVocabulary });
        CheckpointException error = Assert.Throws<CheckpointException>(() => ModelAverage.Write([Model(folder, "one", Precision.F32), other], [0.5, 0.5], folder.File("mean")));
        Assert.Contains("expected", error.Message, StringComparison.Ordinal);
        Assert.StartsWith(other, error.File, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("mean")));
    }

    [Fact]
    public void Write_IntegerWeights_SaysWhichTypesCanBeAveraged()
    {
        using TestFolder folder = new();
        string one = Model(folder, "one", Precision.F32), int8 = Model(folder, "int8", Precision.Int8);
        CheckpointException error = Assert.Throws<CheckpointException>(() => ModelAverage.Write([one, int8], [0.5, 0.5], folder.File("mean")));
        Assert.Equal(("F32, F16 or BF16", "I8"), (error.Expected, error.Found));
    }

    [Fact]
    public void Write_OtherVocabulary_SaysSo()
    {
        using TestFolder folder = new();
        string one = Model(folder, "one", Precision.F32), other = Model(folder, "other", Precision.F32);
        File.AppendAllText(Path.Combine(other, "vocab.txt"), "\n");
        CheckpointException error = Assert.Throws<CheckpointException>(() => ModelAverage.Write([one, other], [0.5, 0.5], folder.File("mean")));
        Assert.Contains("expected the vocabulary of", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 1.0 }, "expected 2 shares")]
    [InlineData(new[] { 0.5, 0.6 }, "expected shares that are 1 together, found 1.1")]
    [InlineData(new[] { double.NaN, 1 }, "expected shares that are 1 together, found NaN")]
    public void Write_SharesThatCannotBe_SaysWhy(double[] shares, string message)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => ModelAverage.Write(["one", "other"], shares, "mean"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A golden model as a directory, its values changed where asked for.</summary>
    private static string Model(TestFolder folder, string name, Precision precision, Func<float, float>? change = null)
    {
        string directory = folder.File(name);
        ModelImportOptions options = new() { VocabularyPath = Repository.EmbeddedVocabulary, Precision = precision };
        ModelImporter.Import(Path.Combine(Repository.Fixtures, "golden", "hybrid-long", "model.pth"), directory, options);
        if (change is null) return directory;
        TensorSource[] changed;
        using (ModelFiles files = ModelFiles.Open(directory))
            changed = [.. files.Checkpoint.Tensors.Select(pair => new TensorSource(pair.Key, Values(files, pair.Key).Select(change).ToArray(), [.. pair.Value.Shape]))];
        SafetensorsWriter.Write(Path.Combine(directory, "model.safetensors"), changed);
        return directory;
    }

    private static float[] Values(ModelFiles files, string name)
    {
        float[] values = new float[files.Checkpoint.Tensors[name].ElementCount];
        files.Checkpoint.Tensors[name].CopyTo(values);
        return values;
    }
}
