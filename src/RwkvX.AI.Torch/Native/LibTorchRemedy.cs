namespace RwkvX.AI.Torch.Native;

/// <summary>What to tell people when libtorch does not load.</summary>
internal static class LibTorchRemedy
{
    /// <summary>What to install: TorchSharp's native library is built for 2.10, and runs with 2.11 as well (seen on a GPU, training included).</summary>
    public const string Needed = "2.10 or 2.11";

    /// <summary>Whether TorchSharp's native library runs with a version; another one might load, and end the process at the first call.</summary>
    public static bool Fits(string version) => version.StartsWith("2.10.", StringComparison.Ordinal) || version.StartsWith("2.11.", StringComparison.Ordinal);

    /// <summary>A file that is nowhere.</summary>
    public static string NotFound(string file, string? path, IEnumerable<string> folders)
    {
        string mend = path is null
            ? $"Add the package libtorch-cpu-linux-x64 (or TorchSharp-cpu; TorchSharp-cuda-linux or TorchSharp-cuda-windows with a GPU) to the application, or point {LibTorch.PathVariable} (option LibTorchPath) at the torch/lib folder of a Python install of PyTorch {Needed}."
            : $"{LibTorch.PathVariable} (option LibTorchPath) must be the torch/lib folder of a Python install of PyTorch {Needed}, or the folder of an unpacked libtorch that has {file} in it.";
        return $"{file}: expected in {string.Join(" or ", folders)}, found in none. {mend}";
    }

    /// <summary>A libtorch of another version than TorchSharp's.</summary>
    public static string WrongVersion(string folder, string version)
        => $"{folder}: expected libtorch {Needed}, which TorchSharp needs, found {version}. Install such a version of PyTorch, or add the package libtorch-cpu-linux-x64.";

    /// <summary>A file that is there and does not load.</summary>
    /// <param name="file">The file.</param>
    /// <param name="error">What the loader said.</param>
    /// <param name="version">The version of libtorch, where known.</param>
    public static string Message(string file, string error, string? version)
    {
        string why = Reason(error), mend = Mend(why, version);
        return $"{file}: expected to load, found: {why} {mend}".TrimEnd();
    }

    /// <summary>The one line of the loader's message that says why; the runtime lists every name that it tried.</summary>
    private static string Reason(string error)
    {
        string[] lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] telling = ["GLIBC", "CXXABI", "undefined symbol", "libcuda.so"];
        return lines.FirstOrDefault(l => telling.Any(t => l.Contains(t, StringComparison.Ordinal)))
            ?? lines.FirstOrDefault(l => l.Contains("cannot open shared object file", StringComparison.Ordinal))
            ?? error.Trim();
    }

    private static string Mend(string why, string? version)
    {
        if (why.Contains("GLIBC", StringComparison.Ordinal) || why.Contains("CXXABI", StringComparison.Ordinal))
            return "TorchSharp needs the libstdc++ of GCC 13 (GLIBCXX_3.4.32): Ubuntu 24.04, Debian 13 and the .NET 10 containers have it; on Debian 12 eng/install-libstdcxx.sh installs it.";
        if (why.Contains("undefined symbol", StringComparison.Ordinal))
            return $"TorchSharp needs libtorch {Needed}, {(version is null ? "and this is another version" : $"this is {version}")}: point {LibTorch.PathVariable} at such a version.";
        if (why.Contains("libcuda.so", StringComparison.Ordinal))
            return "Install the NVIDIA driver, or use the CPU.";
        return "A library that it needs is missing.";
    }
}
