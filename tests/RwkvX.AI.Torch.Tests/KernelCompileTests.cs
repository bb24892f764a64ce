using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Passes;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Every kernel compiles to machine code for Hopper; needs NVRTC, but no GPU.</summary>
public sealed class KernelCompileTests
{
    [Theory]
    [InlineData(32, 2560, 8, 1)]
    [InlineData(12, 768, 4, 2)]
    [InlineData(4, 192, 2, 0)]
    public void Compile_AllKernelsOfAShape_GivesMachineCode(int layers, int width, int sparse, int weightType)
    {
        string? missing = FindCompiler();
        Assert.SkipUnless(missing is null, $"no NVRTC: {missing}");
        ModelShape shape = new()
        {
            Config = new RwkvXConfig { LayerCount = layers, EmbeddingSize = width, SparseLayerCount = sparse, VocabSize = 65_536 },
            WeightType = weightType,
            EmbeddingType = 1,
            RankW = 96,
            RankA = 96,
            RankG = 320,
            RankV = 64,
            MultiprocessorCount = 132,
        };
        KernelCompiler compiler = new(computeCapability: 90, driverVersion: 0, folder: null);
        IReadOnlyList<(string Kernel, byte[] Image)> images = KernelSet.CompileAll(compiler, shape, []);
        Assert.All(images, image => Assert.True(image.Image.AsSpan().StartsWith("\x7f"u8), $"{image.Kernel}: expected an ELF image"));
        Assert.Contains(images, image => image.Kernel == "sample");
    }

    private static string? FindCompiler()
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
