using RwkvX.AI.Testing;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Training.Cuda;
using Xunit;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>Every kernel compiles to machine code for Hopper; needs NVRTC, but no GPU.</summary>
public sealed class KernelCompileTests
{
    public static TheoryData<string> Kernels =>
        [.. typeof(CudaKernelLauncher).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".cu", StringComparison.Ordinal)).Select(name => name[..^3])];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Compile_Kernel_GivesMachineCode(string kernel)
    {
        ScalarRun.SkipNative("NVRTC");
        string? missing = FindCompiler();
        Assert.SkipUnless(missing is null, $"no NVRTC: {missing}");
        KernelCompiler compiler = new(computeCapability: 90, driverVersion: 0, folder: null, typeof(CudaKernelLauncher).Assembly);
        foreach (string type in (string[])["-DBF16=0", "-DBF16=1"])
        {
            byte[] image = compiler.Compile(kernel, [type, "-DCHUNK=64", "-DOWN_ROWS=4", "-DC=256", "-DRUN=16", "-DM=1", "-DKEYS=32", "-DCHOICES=15", "-DSPAN=512", "-DPLACE=1", "-DPIECE=4096"]);
            Assert.True(image.AsSpan().StartsWith("\x7f"u8), $"{kernel}: expected an ELF image");
        }
    }

    internal static string? FindCompiler()
    {
        try
        {
            CudaLibraries.LoadCompiler(null);
            return null;
        }
        catch (CudaException e)
        {
            return e.Message;
        }
    }
}
