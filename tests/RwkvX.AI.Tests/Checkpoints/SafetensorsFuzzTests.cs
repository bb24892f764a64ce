using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class SafetensorsFuzzTests
{
    private static readonly TensorSpec[] Tensors =
    [
        new("a", TensorType.F32, 2, 3), new("b", TensorType.BF16, 5), new("c", TensorType.F16), new("d", TensorType.I64, 4), new("e", TensorType.F32, 0, 7),
        new("w", TensorType.I8, 2, 3), new("w_scale", TensorType.F32, 2), new("i", TensorType.I32, 1, 1, 2),
    ];

    [Fact]
    public void Open_HundredThousandWrongFiles_OpensOrThrowsCheckpointException() => FuzzRun.Run(Make, FuzzRun.OpenAndRead);

    [Fact]
    public void Open_WrongFilesOnDisk_OpensOrThrowsCheckpointException()
    {
        using var folder = new TemporaryFolder();
        FuzzRun.Run(Make, file => FuzzFile.OpenOnDisk(folder["model.safetensors"], file), 500);
    }

    private static byte[] Make(Random random) => random.Next(3) == 0
        ? Mutator.Damage(SafetensorsImage.Make(Tensors), random)
        : SafetensorsImage.Make(Tensors, new Mutator(random, 0.002 * (1 << random.Next(5))));
}
