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
    [InlineData(12, 768, 4, 1, 2048, 3, 0, true)]
    [InlineData(4, 192, 2, 0, 2048, 3, 0, true)]
    public void Compile_AllKernelsOfAShape_GivesMachineCode(int layers, int width, int sparse, int weightType, int chunkSize, int topK, int matrixType = 0, bool divides = false)
    {
        ScalarRun.SkipNative("NVRTC");
        string? missing = FindCompiler();
        Assert.SkipUnless(missing is null, $"no NVRTC: {missing}");
        ModelShape shape = Shape(layers, width, sparse, weightType, chunkSize, topK) with { MatrixType = matrixType, DividesRecurrence = divides };
        KernelCompiler compiler = new(computeCapability: 90, driverVersion: 0, folder: null);
        IReadOnlyList<(string Kernel, byte[] Image)> images = KernelSet.CompileAll(compiler, shape, []);
        Assert.All(images, image => Assert.True(image.Image.AsSpan().StartsWith("\x7f"u8), $"{image.Kernel}: expected an ELF image"));
        Assert.Contains(images, image => image.Kernel == "sample");
        Assert.Equal(matrixType != 0, images.Any(image => image.Kernel == "dequantize"));
        Assert.Equal(divides, images.Any(image => image.Kernel == "rows_wkv_states"));
    }

    /// <summary>The kernels that move states, in both forms; each says what it is, so the two differ.</summary>
    [Theory]
    [InlineData("step_wkv", 0)]
    [InlineData("step_wkv", 1)]
    [InlineData("rows_wkv_scan", 1)]
    [InlineData("rows_wkv_scan", 1, "-DSINGLE")]
    [InlineData("rows_wkv_states", 1)]
    public void Compile_StatesInF16_GivesMachineCodeOfItsOwn(string kernel, int weightType, params string[] options)
    {
        ScalarRun.SkipNative("NVRTC");
        string? missing = FindCompiler();
        Assert.SkipUnless(missing is null, $"no NVRTC: {missing}");
        KernelCompiler compiler = new(computeCapability: 90, driverVersion: 0, folder: null);
        byte[][] images = [.. new[] { 0, 2 }.Select(state => Shape(32, 2560, 8, weightType, 2048, 3) with { StateType = state }).Select(shape => compiler.Compile(kernel, [.. shape.Defines(), shape.StateDefine, .. options]))];
        Assert.All(images, image => Assert.True(image.AsSpan().StartsWith("\x7f"u8), $"{kernel}: expected an ELF image"));
        Assert.NotEqual(images[0], images[1]);
    }

    private static ModelShape Shape(int layers, int width, int sparse, int weightType, int chunkSize, int topK) => new()
    {
        Config = new RwkvXConfig { LayerCount = layers, EmbeddingSize = width, SparseLayerCount = sparse, VocabSize = 65_536, MobaChunkSize = chunkSize, MobaTopK = topK },
        WeightType = weightType,
        EmbeddingType = 1,
        RankW = 96,
        RankA = 96,
        RankG = 320,
        RankV = 64,
        MultiprocessorCount = 132,
    };

    /// <summary>Why NVRTC cannot be used; null where it can.</summary>
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
