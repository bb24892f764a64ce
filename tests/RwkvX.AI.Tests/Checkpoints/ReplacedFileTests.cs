using System.IO.Pipes;
using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class ReplacedFileTests
{
    [Theory]
    [InlineData("/dev/null", false)]
    [InlineData("/dev/stdout", false)]
    [InlineData("/proc/self/stat", false)]
    [InlineData("/dev/no-such-device", true)]
    public void IsReplaceable_Device_IsNot(string path, bool expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "devices have paths on Linux");
        Assert.Equal(expected, ReplacedFile.IsReplaceable(path));
    }

    [Fact]
    public async Task Write_IntoAPipe_GivesTheBytesOfAFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "open pipes have paths on Linux");
        using var folder = new TemporaryFolder();
        TensorSource[] tensors = [new TensorSource("t", new float[] { 1, 2 }, 2), new TensorSource("u", new float[] { 3 }, 1)];
        SafetensorsWriter.Write(folder["x"], tensors);
        await using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        string path = $"/proc/self/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}";
        Task write = Task.Run(() => SafetensorsWriter.Write(path, tensors));
        byte[] expected = File.ReadAllBytes(folder["x"]), found = new byte[expected.Length];
        await pipe.ReadExactlyAsync(found, TestContext.Current.CancellationToken);
        await write;
        Assert.Equal(expected, found);
    }

    [Fact]
    public void IsReplaceable_File_Is()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x"], "old");
        Assert.True(ReplacedFile.IsReplaceable(folder["x"]));
        Assert.True(ReplacedFile.IsReplaceable(folder["none"]));
    }
}
