using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Tests.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Models;

public sealed class ModelImporterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Import_AsStored_IsTheSameModel()
    {
        File.WriteAllText(_folder["v.txt"], "1 'a' 1\n");
        var progress = new List<ModelImportProgress>();
        ModelImporter.Import(
            Fixture.Golden("hybrid-long/model.pth"), _folder["out"], new ModelImportOptions { VocabularyPath = _folder["v.txt"], MobaChunkSize = 16, MobaTopK = 3, Name = "golden" }, new Recorder(progress));
        using var source = Checkpoint.Open(Fixture.Golden("hybrid-long/model.pth"));
        using var files = ModelFiles.Open(_folder["out"]);
        foreach (CheckpointTensor tensor in source.Tensors.Values)
            Assert.True(tensor.Bytes.SequenceEqual(files.Checkpoint.Get(tensor.Name, [.. tensor.Shape]).Bytes), tensor.Name);
        Assert.Equal(ModelTensors.Read(source, 16, 3).Config, ModelTensors.Read(files).Config);
        Assert.Equal(("golden", "world", 0), (files.Name, files.Manifest!.Template, files.Manifest.EosTokenId));
        Assert.Equal("1 'a' 1\n", File.ReadAllText(files.VocabularyPath!));
        Assert.Equal(source.Tensors.Count, progress.Count);
        Assert.Equal(progress[^1].BytesTotal, progress[^1].BytesDone);
    }

    [Theory]
    [InlineData(Precision.F32, TensorType.F32, 0)]
    [InlineData(Precision.BF16, TensorType.BF16, 1 / 256f)]
    [InlineData(Precision.F16, TensorType.F16, 1 / 2048f)]
    public void Import_Precision_RoundsEveryTensorToTheNearest(Precision precision, TensorType type, float relative)
    {
        ModelImporter.Import(Fixture.Golden("rwkv7-plain/model.pth"), _folder["out"], new ModelImportOptions { Precision = precision });
        using var source = Checkpoint.Open(Fixture.Golden("rwkv7-plain/model.pth"));
        using var files = ModelFiles.Open(_folder["out"]);
        foreach (CheckpointTensor tensor in source.Tensors.Values)
        {
            CheckpointTensor converted = files.Checkpoint.Get(tensor.Name, [.. tensor.Shape]);
            float[] exact = Values(tensor), rounded = Values(converted);
            Assert.Equal(type, converted.Type);
            for (int i = 0; i < exact.Length; i++)
                Assert.True(MathF.Abs(exact[i] - rounded[i]) <= relative * MathF.Abs(exact[i]) + 1e-7f, tensor.Name);
        }
    }

    [Fact]
    public void Import_Int8_QuantizesTheLargeMatricesAlone()
    {
        ModelImporter.Import(Fixture.Golden("hybrid-window/model.safetensors"), _folder["out"], new ModelImportOptions { Precision = Precision.Int8 });
        using var source = Checkpoint.Open(Fixture.Golden("hybrid-window/model.safetensors"));
        using var files = ModelFiles.Open(_folder["out"]);
        HashSet<string> matrices = [.. ModelTensors.Read(source).Matrices.Select(matrix => matrix.Name)];
        Assert.Equal(4 * 6 + 1, matrices.Count);
        foreach (CheckpointTensor tensor in source.Tensors.Values)
        {
            CheckpointTensor imported = files.Checkpoint.Get(tensor.Name, [.. tensor.Shape]);
            Assert.Equal(matrices.Contains(tensor.Name) ? TensorType.I8 : tensor.Type, imported.Type);
            float[] exact = Values(tensor), near = Values(imported);
            for (int i = 0; i < exact.Length; i++)
            {
                float step = imported.Scale is { } scale ? Values(scale)[i / tensor.Shape[1]] : 0;
                Assert.True(MathF.Abs(exact[i] - near[i]) <= 0.5001f * step, tensor.Name);
            }
            if (tensor.Shape.Count == 2 && tensor.Shape[1] > 128)
                break; // one wide matrix is enough of this slow comparison
        }
        Assert.Equal(3, ModelTensors.Read(files).Config.LayerCount);
    }

    [Fact]
    public void Import_Int8Again_KeepsIntegersAndScalesAndWidensOnRequest()
    {
        var int8 = new ModelImportOptions { Precision = Precision.Int8 };
        ModelImporter.Import(Fixture.Golden("hybrid-window/model.safetensors"), _folder["a"], int8);
        ModelImporter.Import(_folder["a"], _folder["b"], int8);
        ModelImporter.Import(_folder["a"], _folder["c"], new ModelImportOptions { Precision = Precision.F32 });
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["a"], "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder["b"], "model.safetensors")));
        using var narrow = Checkpoint.Open(Path.Combine(_folder["a"], "model.safetensors"));
        using var wide = Checkpoint.Open(Path.Combine(_folder["c"], "model.safetensors"));
        Assert.Equal(Values(narrow.Get("rwkv.head.weight")), Values(wide.Get("rwkv.head.weight", 512, 128)));
        Assert.False(wide.TryGet("rwkv.head.weight_scale", out _));
    }

    [Fact]
    public void Import_Cancelled_LeavesTheDirectoryAsItWas()
    {
        Assert.Throws<OperationCanceledException>(() => ModelImporter.Import(Fixture.Golden("rwkv7-plain/model.pth"), _folder["out"], cancellationToken: new CancellationToken(true)));
        Assert.Empty(Directory.GetFiles(_folder["out"]));
    }

    [Theory]
    [InlineData(float.NaN, Precision.Int8)]
    [InlineData(float.PositiveInfinity, Precision.Int8)]
    [InlineData(1e5f, Precision.F16)]
    public void Import_WeightsThatDoNotFit_AreRefused(float weight, Precision precision)
    {
        TensorSource[] sources = [.. ModelImage.Tensors().Select(spec => spec.Name == "rwkv.head.weight"
            ? new TensorSource(spec.Name, Enumerable.Repeat(weight, spec.Count).ToArray(), spec.Shape)
            : new TensorSource(spec.Name, spec.Type, spec.Shape, stream => stream.Write(spec.Bytes())))];
        SafetensorsWriter.Write(_folder["model.safetensors"], sources);
        var e = Assert.Throws<CheckpointException>(() => ModelImporter.Import(_folder, _folder["out"], new ModelImportOptions { Precision = precision }));
        Assert.Equal("rwkv.head.weight", e.Tensor);
    }

    private static float[] Values(CheckpointTensor tensor)
    {
        float[] values = new float[tensor.ElementCount];
        tensor.CopyTo(values);
        return values;
    }

    private sealed class Recorder(List<ModelImportProgress> reports) : IProgress<ModelImportProgress>
    {
        public void Report(ModelImportProgress value) => reports.Add(value);
    }
}
