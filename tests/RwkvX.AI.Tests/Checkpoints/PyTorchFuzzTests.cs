using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class PyTorchFuzzTests
{
    [Fact]
    public void Open_HundredThousandWrongFiles_OpensOrThrowsCheckpointException() => FuzzRun.Run(Make, FuzzRun.OpenAndRead);

    [Fact]
    public void Open_WrongFilesOnDisk_OpensOrThrowsCheckpointException()
    {
        using var folder = new TemporaryFolder();
        FuzzRun.Run(Make, file => FuzzFile.OpenOnDisk(folder["model.pth"], file), 500);
    }

    private static byte[] Make(Random random)
    {
        bool deflate = random.Next(8) == 0, zip64 = random.Next(4) == 0;
        return random.Next(3) == 0
            ? Mutator.Damage(PthImage.Make(deflate, zip64), random)
            : PthImage.Make(deflate, zip64, new Mutator(random, 0.0003 * (1 << random.Next(6))));
    }
}
