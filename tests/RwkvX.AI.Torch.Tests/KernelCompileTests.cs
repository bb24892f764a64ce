using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Passes;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Every kernel compiles to machine code for Hopper; needs NVRTC, but no GPU.</summary>
public sealed class KernelCompileTests
{
    [Theory]
    [InlineData(32, 2560, 8, 1, 2048, 3)]
    [InlineData(12, 768, 4, 2, 2048, 3)]
    [InlineData(4, 192, 2, 0, 2048, 3)]
    [InlineData(9, 256, 3, 1, 32, 16)]
    [InlineData(9, 256, 3, 1, 262_144, 1)] // full attention: one chunk, longer than any text
    [InlineData(12, 256, 0, 1, 2048, 3)]
    [InlineData(32, 2560, 8, 1, 2048, 3, 1)]
    [InlineData(12, 768, 4, 0, 2048, 3, 2)]
    public void Compile_AllKernelsOfAShape_GivesMachineCode(int layers, int width, int sparse, int weightType, int chunkSize, int topK, int matrixType = 0)
    {
        ScalarRun.SkipNative("NVRTC");
        string? missing = FindCompiler();
        Assert.SkipUnless(missing is null, $"no NVRTC: {missing}");
        ModelShape shape = new()
        {
            Config = new RwkvXConfig { LayerCount = layers, EmbeddingSize = width, SparseLayerCount = sparse, VocabSize = 65_536, MobaChunkSize = chunkSize, MobaTopK = topK },
            WeightType = weightType,
            MatrixType = matrixType,
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
        Assert.Equal(matrixType != 0, images.Any(image => image.Kernel == "dequantize"));
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
