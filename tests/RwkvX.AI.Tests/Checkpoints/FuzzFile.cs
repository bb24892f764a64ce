using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>The way through the operating system: a file that is written, mapped and read.</summary>
internal static class FuzzFile
{
    public static void OpenOnDisk(string path, byte[] file)
    {
        File.WriteAllBytes(path, file);
        using var checkpoint = Checkpoint.Open(path);
        foreach (CheckpointTensor tensor in checkpoint.Tensors.Values)
            FuzzRun.Read(tensor);
    }
}
