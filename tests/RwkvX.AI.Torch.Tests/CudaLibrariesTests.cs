using RwkvX.AI.Torch.Cuda;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

public sealed class CudaLibrariesTests
{
    [Fact]
    public void Open_WithoutDriver_SaysWhatWasTriedAndHowToMendIt()
    {
        CudaException? missing = Missing(() => new CudaDevice(0, null).Dispose());
        Assert.SkipWhen(missing is null, "this machine has a CUDA device");
        Assert.SkipUnless(missing.ErrorName == "LIBRARY_NOT_FOUND", $"the libraries are here, the device is not: {missing.Message}");
        Assert.Contains("libcuda", missing.Message, StringComparison.Ordinal);
        Assert.Contains("RWKVX_LIBTORCH", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadCollectives_WithoutNccl_SaysHowToMendIt()
    {
        CudaException? missing = Missing(() => CudaLibraries.LoadCollectives(null));
        Assert.SkipWhen(missing is null, "this machine has NCCL");
        Assert.Equal("LIBRARY_NOT_FOUND", missing.ErrorName);
        Assert.Contains("NCCL 2, which there is for Linux alone, or point RWKVX_LIBTORCH", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nvrtc", false, 0, "libnvrtc.so.13", "libnvrtc.so.12")]
    [InlineData("nvrtc", false, 13_000, "libnvrtc.so.13", "libnvrtc.so.12")]
    [InlineData("nvrtc", false, 12_080, "libnvrtc.so.12")]
    [InlineData("nvrtc", true, 13_010, "nvrtc64_130_0.dll", "nvrtc64_120_0.dll")]
    [InlineData("cublas", false, 12_040, "libcublas.so.12")]
    [InlineData("cublas", true, 12_040, "cublas64_12.dll")]
    [InlineData("cuda", false, 12_040, "libcuda.so.1", "libcuda.so")]
    public void FileNames_OfADriver_LeaveOutWhatIsTooNewForIt(string library, bool windows, int driverVersion, params string[] names)
        => Assert.Equal(names, CudaLibraries.FileNames(library, windows, driverVersion));

    [Fact]
    public void NotFound_WithAnOlderDriver_ComparesTheTwo()
    {
        CudaException missing = CudaLibraries.NotFound("nvrtc", windows: false, driverVersion: 12_080);
        Assert.Contains("expected libnvrtc.so.12, found none", missing.Message, StringComparison.Ordinal);
        Assert.Contains("The driver knows CUDA up to 12.8: those of CUDA 13 need a newer driver.", missing.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("The driver knows", CudaLibraries.NotFound("nvrtc", windows: false, driverVersion: 13_000).Message, StringComparison.Ordinal);
    }

    private static CudaException? Missing(Action open)
    {
        try
        {
            open();
            return null;
        }
        catch (CudaException e)
        {
            return e;
        }
    }
}
