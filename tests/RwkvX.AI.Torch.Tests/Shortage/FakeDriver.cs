using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Torch.Tests.Shortage;

/// <summary>The libraries that <c>driver.c</c> stands in for, in a process of their own: a process loads a driver once.</summary>
internal static unsafe class FakeDriver
{
    private const string Driver = "libcuda.so.1", FolderVariable = "RWKVX_TEST_FAKE_DRIVER";

    private static string? Folder => Environment.GetEnvironmentVariable(FolderVariable);

    /// <summary>Whether this is the process that has them.</summary>
    public static bool IsHere => Folder is not null;

    /// <summary>Compiles the libraries and runs classes of tests with them, explicit ones too.</summary>
    /// <returns>The exit code and what the run printed.</returns>
    public static (int ExitCode, string Output) Run(params Type[] classes)
    {
        ScalarRun.SkipNative("the engine's use of the driver");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the fake driver is for Linux");
        using TemporaryFolder folder = new();
        string library = Path.Combine(folder.Path, Driver), source = Path.Combine(Repository.Root, "tests", "RwkvX.AI.Torch.Tests", "Shortage", "driver.c");
        (int compiled, string log) = Start("cc", ["-shared", "-fPIC", "-O1", "-o", library, source], null);
        Assert.SkipWhen(compiled < 0, $"no C compiler: {log}");
        Assert.True(compiled == 0, log);
        foreach (string name in (string[])["libnvrtc.so.12", "libcublas.so.12"])
            File.CreateSymbolicLink(Path.Combine(folder.Path, name), library);
        string program = Environment.ProcessPath!, assembly = typeof(FakeDriver).Assembly.Location;
        string[] start = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [assembly] : [];
        return Start(program, [.. start, .. classes.SelectMany(each => new[] { "-class", each.FullName! }), "-explicit", "on", "-noColor", "-showLiveOutput"], folder.Path);
    }

    /// <summary>Lets the n-th taking from now fail.</summary>
    public static void FailAt(int n) => ((delegate* unmanaged<int, void>)Export("fake_fail_at"))(n);

    /// <summary>How often something was taken since then.</summary>
    public static int Count() => ((delegate* unmanaged<int>)Export("fake_calls"))();

    /// <summary>What is taken and not given back.</summary>
    public static string Taken()
    {
        byte* text = stackalloc byte[1024];
        int count = ((delegate* unmanaged<byte*, int, int>)Export("fake_alive"))(text, 1024);
        return $"{count}: {Marshal.PtrToStringUTF8((nint)text)}";
    }

    private static nint Export(string name) => NativeLibrary.GetExport(NativeLibrary.Load(Path.Combine(Folder ?? throw new InvalidOperationException($"{FolderVariable} is not set"), Driver)), name);

    private static (int ExitCode, string Output) Start(string program, string[] arguments, string? folder)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (folder is not null)
        {
            start.Environment[FolderVariable] = start.Environment[LibTorch.PathVariable] = folder;
            start.Environment["LD_LIBRARY_PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("LD_LIBRARY_PATH")}";
        }
        Process? process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
        using (process)
        {
            StringBuilder output = new();
            void Add(object? _, DataReceivedEventArgs line)
            {
                lock (output)
                    output.AppendLine(line.Data);
            }
            process.OutputDataReceived += Add;
            process.ErrorDataReceived += Add;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.WaitForExit();
            return (process.ExitCode, output.ToString());
        }
    }
}
