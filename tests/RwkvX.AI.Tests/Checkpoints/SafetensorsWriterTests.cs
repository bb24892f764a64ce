using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed unsafe class SafetensorsWriterTests
{
    private static readonly TensorSpec[] Specs =
        [new("a \"quoted\" näme", TensorType.F32, 3, 5), new("b", TensorType.BF16, 7), new("c", TensorType.F16), new("w", TensorType.I8, 2, 3), new("w_scale", TensorType.F32, 2), new("t", TensorType.I64, 0)];

    [Fact]
    public void Write_EveryType_ReadsBackTheSame()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["x"], [.. Specs.Select(Source)], new Dictionary<string, string> { ["kind"] = "test" });
        using var checkpoint = Checkpoint.Open(folder["x"]);
        Assert.Equal("test", ((SafetensorsFile)checkpoint).Metadata["kind"]);
        Assert.Equal(Specs.Select(spec => spec.Name), checkpoint.Tensors.Keys);
        foreach (TensorSpec spec in Specs)
        {
            CheckpointTensor tensor = checkpoint.Get(spec.Name, spec.Shape);
            Assert.Equal(spec.Type, tensor.Type);
            Assert.Equal(spec.Bytes(), tensor.Bytes.ToArray());
        }
        Assert.Equal(0, (nint)checkpoint.Get(Specs[0].Name).Data % 64);
    }

    [Fact]
    public void Write_OverAMappedFile_LeavesTheMappingAsItWas()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows refuses to replace a mapped file");
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["x"], [new TensorSource("t", new float[] { 1, 2 }, 2)]);
        using var old = Checkpoint.Open(folder["x"]);
        SafetensorsWriter.Write(folder["x"], [new TensorSource("t", new float[] { 3, 4 }, 2)]);
        using var renewed = Checkpoint.Open(folder["x"]);
        Assert.Equal([1, 2], Values(old));
        Assert.Equal([3, 4], Values(renewed));

        static float[] Values(Checkpoint checkpoint)
        {
            float[] values = new float[2];
            checkpoint.Get("t").CopyTo(values);
            return values;
        }
    }

    [Fact]
    public void Write_SourceThatFails_LeavesTheOldFileAlone()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x"], "old");
        var failing = new TensorSource("t", TensorType.F32, [1], _ => throw new InvalidDataException("no"));
        var cut = new TensorSource("t", TensorType.F32, [2], stream => stream.Write(new byte[4]));
        Assert.Throws<InvalidDataException>(() => SafetensorsWriter.Write(folder["x"], [failing]));
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(folder["x"], [cut]));
        Assert.Throws<OperationCanceledException>(() => SafetensorsWriter.Write(folder["x"], [failing], null, new CancellationToken(true)));
        Assert.Equal("old", File.ReadAllText(folder["x"]));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void Write_OneNameTwice_Throws()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], [Source(Specs[0]), Source(Specs[0])]));
        Assert.Throws<ArgumentException>(() => new TensorSource("t", new float[3], 2, 2));
    }

    private static TensorSource Source(TensorSpec spec) => new(spec.Name, spec.Type, spec.Shape, stream => stream.Write(spec.Bytes()));
}
