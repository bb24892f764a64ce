using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>Finds the driver, NVRTC, cuBLAS and NCCL: beside the application, in a libtorch or Python install, or where the system's loader looks.</summary>
internal static class CudaLibraries
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, nint> Loaded = [];
    private static readonly List<string> Tried = [];
    private static string? _libTorchPath;
    private static int _driverVersion; // the newest CUDA that it knows, 13000 for 13.0; 0 before it is loaded
    private static bool _registered;

    /// <summary>Makes the P/Invokes of this assembly find their libraries. The first call decides the path.</summary>
    /// <exception cref="CudaException">One of the libraries is not to be found; the message lists what was tried and how to mend it.</exception>
    public static void Load(string? libTorchPath) => Load(libTorchPath, [CudaDriver.Library, Nvrtc.Library, CuBlas.Library]);

    /// <summary>The same for the compiler alone, which needs no GPU.</summary>
    public static void LoadCompiler(string? libTorchPath) => Load(libTorchPath, [Nvrtc.Library]);

    /// <summary>The same for sums over several devices.</summary>
    public static void LoadCollectives(string? libTorchPath) => Load(libTorchPath, [Nccl.Library]);

    private static void Load(string? libTorchPath, ReadOnlySpan<string> libraries)
    {
        lock (Gate)
        {
            Tried.Clear();
            _libTorchPath ??= libTorchPath ?? LibTorch.NamedFolder;
            if (!_registered)
                NativeLibrary.SetDllImportResolver(typeof(CudaLibraries).Assembly, Resolve);
            _registered = true;
            foreach (string library in libraries)
            {
                if (Find(library) == 0)
                    throw NotFound(library);
                if (library == CudaDriver.Library && CudaDriver.cuDriverGetVersion(out int version) == CudaDriver.Success)
                    _driverVersion = version;
            }
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        lock (Gate)
            return Find(name);
    }

    private static nint Find(string library)
    {
        if (Loaded.TryGetValue(library, out nint handle))
            return handle;
        string[] names = FileNames(library, OperatingSystem.IsWindows(), _driverVersion);
        if (names.Length == 0)
            return 0;
        foreach (string folder in library == CudaDriver.Library ? [""] : Folders())
        {
            foreach (string name in names)
            {
                string path = Path.Combine(folder, name);
                if (folder.Length > 0 && !File.Exists(path))
                    continue;
                // cuBLAS needs its companion, which the loader finds by itself only where the system knows the folder.
                if (library == CuBlas.Library && folder.Length > 0)
                    NativeLibrary.TryLoad(Path.Combine(folder, name.Replace("cublas", "cublasLt", StringComparison.Ordinal)), out _);
                Tried.Add(path);
                if (NativeLibrary.TryLoad(path, out handle))
                    return Loaded[library] = handle;
            }
        }
        return 0;
    }

    /// <summary>What a library's file may be called, best first. Those of a newer CUDA than the driver's are left out: neither they nor the code that they compile run on it.</summary>
    /// <param name="library">Its name in P/Invokes.</param>
    /// <param name="windows">Whether on Windows.</param>
    /// <param name="driverVersion">The newest CUDA that the driver knows, 13000 for 13.0; 0 where there is none to ask.</param>
    internal static string[] FileNames(string library, bool windows, int driverVersion)
    {
        int[] majors = IsOlderDriver(driverVersion) ? [12] : [13, 12];
        return (library, windows) switch
        {
            (CudaDriver.Library, false) => ["libcuda.so.1", "libcuda.so"],
            (CudaDriver.Library, true) => ["nvcuda.dll"],
            (Nvrtc.Library, false) => [.. majors.Select(major => $"libnvrtc.so.{major}")],
            (Nvrtc.Library, true) => [.. majors.Select(major => $"nvrtc64_{major}0_0.dll")],
            (CuBlas.Library, false) => [.. majors.Select(major => $"libcublas.so.{major}")],
            (CuBlas.Library, true) => [.. majors.Select(major => $"cublas64_{major}.dll")],
            (Nccl.Library, false) => ["libnccl.so.2"],
            _ => [],
        };
    }

    private static bool IsOlderDriver(int driverVersion) => driverVersion is > 0 and < 13_000;

    /// <summary>Where to look, most explicit first; the last, empty, is the system's own search.</summary>
    private static IEnumerable<string> Folders()
    {
        if (_libTorchPath is { } torch)
        {
            yield return torch;
            // A Python install keeps CUDA's libraries beside torch: site-packages/torch/lib, site-packages/nvidia/*/lib.
            string nvidia = Path.GetFullPath(Path.Combine(torch, "..", "..", "nvidia"));
            if (Directory.Exists(nvidia))
                foreach (string package in Directory.EnumerateDirectories(nvidia).Order(StringComparer.Ordinal))
                    yield return Path.Combine(package, OperatingSystem.IsWindows() ? "bin" : "lib");
        }
        yield return AppContext.BaseDirectory;
        yield return Path.Combine(AppContext.BaseDirectory, "runtimes", OperatingSystem.IsWindows() ? "win-x64" : "linux-x64", "native");
        if (!OperatingSystem.IsWindows())
            yield return "/usr/local/cuda/lib64";
        yield return "";
    }

    private static CudaException NotFound(string library) => NotFound(library, OperatingSystem.IsWindows(), _driverVersion);

    /// <summary>The error of a library that is nowhere; the parameters as of <see cref="FileNames"/>.</summary>
    internal static CudaException NotFound(string library, bool windows, int driverVersion)
    {
        string python = $"point {LibTorch.PathVariable} (option LibTorchPath) at the torch/lib folder of a Python install with CUDA.";
        string mend = library == CudaDriver.Library ? "Install the NVIDIA driver, or use the CPU engine."
            : library == Nccl.Library ? $"Install NCCL 2, which there is for Linux alone, or {python}"
            : $"Add the package TorchSharp-cuda-linux or TorchSharp-cuda-windows to the application, or {python}";
        StringBuilder text = new($"expected {(FileNames(library, windows, driverVersion) is { Length: > 0 } names ? string.Join(" or ", names) : library)}, found none. {mend}");
        if (IsOlderDriver(driverVersion) && library is Nvrtc.Library or CuBlas.Library)
            text.Append($" The driver knows CUDA up to {driverVersion / 1000}.{driverVersion % 1000 / 10}: those of CUDA 13 need a newer driver.");
        text.Append($" {LibTorch.PathVariable}/LibTorchPath: {_libTorchPath ?? "not set"}.");
        if (Tried.Count > 0)
            text.Append($" Tried: {string.Join(", ", Tried)}.");
        if (library != CudaDriver.Library)
            text.Append($" Folders: {string.Join(", ", Folders().Where(f => f.Length > 0))}.");
        return new CudaException("LIBRARY_NOT_FOUND", text.ToString());
    }
}
