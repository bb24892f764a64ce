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
