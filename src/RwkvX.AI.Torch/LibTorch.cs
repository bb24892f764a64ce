using System.Runtime.InteropServices;
using RwkvX.AI.Torch.Native;

namespace RwkvX.AI.Torch;

/// <summary>Finds and loads libtorch before the first use of TorchSharp: the application's own package, or the folder of an existing Python install.</summary>
public static class LibTorch
{
    /// <summary>The environment variable that names the <c>torch/lib</c> folder of an existing install.</summary>
    public const string PathVariable = "RWKVX_LIBTORCH";

    private static readonly Lock Gate = new();
    private static string? _folder;
    private static bool _withCuda;

    /// <summary>The folder that libtorch was loaded from; null before that.</summary>
    public static string? Folder => _folder;

    /// <summary>What the variable says; null where it is not set, or to nothing.</summary>
    internal static string? NamedFolder => Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } folder ? folder : null;

    /// <summary>
    /// Loads libtorch and TorchSharp's native library, in the order of their needs. Call it before anything of TorchSharp; later calls do
    /// nothing, since a process can hold one libtorch only.
    /// </summary>
    /// <param name="path">A <c>torch/lib</c> folder; null for the variable <c>RWKVX_LIBTORCH</c>, and without that the application's own package.</param>
    /// <param name="cuda">Whether the CUDA part is loaded too, which takes seconds.</param>
    /// <exception cref="LibTorchException">A library is missing or does not load.</exception>
    public static void Load(string? path = null, bool cuda = false)
    {
        lock (Gate)
        {
            if (_folder is not null && (_withCuda || !cuda))
                return;
            LibTorchFiles files = LibTorchFiles.Find(path ?? NamedFolder, LibTorchFiles.ApplicationFolders());
            files.CheckVersion();
            foreach (string file in files.LoadOrder(cuda))
                Load(file, files);
            (_folder, _withCuda) = (files.Folder, cuda);
        }
    }

    private static void Load(string file, LibTorchFiles files)
    {
        try
        {
            NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new LibTorchException(LibTorchRemedy.Message(file, e.Message, files.Version), e);
        }
    }
}
