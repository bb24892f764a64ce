namespace RwkvX.AI.Torch.Native;

/// <summary>Where libtorch and TorchSharp's native library lie.</summary>
/// <param name="Folder">The folder of libtorch.</param>
/// <param name="Shim">TorchSharp's native library.</param>
internal sealed record LibTorchFiles(string Folder, string Shim)
{
    private static readonly string[] Names = ["c10", "torch_cpu", "torch"], CudaNames = ["c10_cuda", "torch_cuda"];

    /// <summary>The version that the install states, such as <c>2.10.0+cu128</c>; null where it does not.</summary>
    public string? Version
    {
        get
        {
            // Beside lib a Python install has version.py, and an unpacked libtorch build-version.
            string python = Path.Combine(Folder, "..", "version.py"), unpacked = Path.Combine(Folder, "..", "build-version");
            string? version = File.Exists(python) ? File.ReadLines(python).FirstOrDefault(l => l.StartsWith("__version__", StringComparison.Ordinal))?.Split('=', 2)[^1]
                : File.Exists(unpacked) ? File.ReadLines(unpacked).FirstOrDefault()
                : null;
            return version?.Trim(' ', '\t', '\'', '"') is { Length: > 0 } stated ? stated : null;
        }
    }

    /// <summary>Looks in the folder that was asked for, or else in the application's.</summary>
    /// <exception cref="LibTorchException">libtorch or TorchSharp's native library is in none of the folders.</exception>
    public static LibTorchFiles Find(string? path, IReadOnlyList<string> application)
    {
        string[] folders = path is null ? [.. application] : [Path.GetFullPath(path)];
        string torch = FileName("torch_cpu"), shim = FileName("LibTorchSharp");
        string folder = folders.FirstOrDefault(f => File.Exists(Path.Combine(f, torch)))
            ?? throw new LibTorchException(LibTorchRemedy.NotFound(torch, path, folders));
        // The shim comes with the TorchSharp package, so it is the application's even where libtorch is not.
        string shimFolder = application.FirstOrDefault(f => File.Exists(Path.Combine(f, shim)))
            ?? throw new LibTorchException(LibTorchRemedy.NotFound(shim, null, application));
        return new LibTorchFiles(folder, Path.Combine(shimFolder, shim));
    }

    /// <summary>Folders in which an application keeps native libraries.</summary>
    public static IReadOnlyList<string> ApplicationFolders()
    {
        string known = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        string runtimes = Path.Combine(AppContext.BaseDirectory, "runtimes");
        string platform = OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";
        return [.. known.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(runtimes, platform, "native"))
            .Select(f => Path.TrimEndingDirectorySeparator(Path.GetFullPath(f)))
            .Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The files to load, each after those that it needs.</summary>
    public IEnumerable<string> LoadOrder(bool cuda)
    {
        foreach (string name in cuda ? [.. Names, .. CudaNames] : Names)
            yield return Path.Combine(Folder, FileName(name));
        yield return Shim;
    }

    /// <summary>Refuses a version that TorchSharp does not run with; one that is not stated may be right.</summary>
    /// <exception cref="LibTorchException">It is another version.</exception>
    public void CheckVersion()
    {
        if (Version is { } version && !LibTorchRemedy.Fits(version))
            throw new LibTorchException(LibTorchRemedy.WrongVersion(Folder, version));
    }

    private static string FileName(string name)
        => OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}
