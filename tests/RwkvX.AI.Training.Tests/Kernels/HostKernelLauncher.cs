using System.Diagnostics;
using System.Runtime.InteropServices;
using RwkvX.AI.Testing;
using RwkvX.AI.Training.Cuda;
using Xunit;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>Compiles the kernels with g++ and runs them on the host, over CPU tensors: the device's source without a device.</summary>
internal sealed unsafe class HostKernelLauncher : IKernelLauncher, IDisposable
{
    private const string Compiler = "g++";

    private static readonly Dictionary<string, nint> Libraries = []; // loaded ones need no file, and are compiled once for all tests, which take turns

    private static readonly string[] Folders = [.. ((string[])["RwkvX.AI.Training", "RwkvX.AI.Torch"]).Select(project => Path.Combine(Repository.Root, "src", project, "Kernels"))];

    private readonly TestFolder _folder = new();

    public HostKernelLauncher() => Assert.SkipUnless(HasCompiler(), $"no {Compiler} that knows C++20: kernels are compiled for the host with it");

    /// <summary>Launches so far, by kernel.</summary>
    public Dictionary<string, int> Launches { get; } = [];

    /// <summary>Whether threads run from the last to the first between barriers: what depends on their order lacks a barrier.</summary>
    public bool IsReversed { get; init; }

    public void Launch<TArgs>(string kernel, IReadOnlyList<string> defines, in TArgs args, int threads, int gridX, int gridY, int gridZ, int sharedBytes)
        where TArgs : unmanaged
    {
        string key = $"{kernel} {string.Join(' ', defines)}";
        if (!Libraries.TryGetValue(key, out nint library)) Libraries[key] = library = NativeLibrary.Load(Compile(kernel, defines));
        var launch = (delegate* unmanaged<void*, int, int, int, int, int, int, void>)NativeLibrary.GetExport(library, "launch");
        TArgs copy = args;
        launch(&copy, threads, gridX, gridY, gridZ, sharedBytes, IsReversed ? 1 : 0);
        Launches[kernel] = Launches.GetValueOrDefault(kernel) + 1;
    }

    public void Dispose() => _folder.Dispose();

    private string Compile(string kernel, IReadOnlyList<string> defines)
    {
        string file = Folders.Select(folder => Path.Combine(folder, kernel + ".cu")).First(File.Exists);
        string shim = Path.Combine(Repository.Root, "tests", "RwkvX.AI.Training.Tests", "Kernels", "cuda_on_host.h");
        string source = _folder.File($"{kernel}{Libraries.Count}.cpp"), library = Path.ChangeExtension(source, ".so");
        File.WriteAllText(source, $"#include \"{shim}\"\n#include \"{file}\"\nLAUNCH({kernel})\n");
        (int code, string output) = Run([.. defines, .. Folders.Select(folder => "-I" + folder), "-std=c++20", "-O2", "-shared", "-fPIC", "-pthread", "-w", "-o", library, source]);
        Assert.True(code == 0, $"{kernel}.cu: {output}");
        return library;
    }

    private static bool HasCompiler()
    {
        try
        {
            return Run(["-std=c++20", "-fsyntax-only", "-x", "c++", "/dev/null"]).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Output) Run(string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Compiler, arguments) { RedirectStandardError = true })!;
        string output = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
