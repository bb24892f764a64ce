using System.Reflection;
using System.Text;
using RwkvX.AI.Testing;
using RwkvX.AI.Torch.Cuda;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Kernels on disk, and kernels that do not compile; needs NVRTC, but no GPU.</summary>
public sealed class KernelCacheTests : IDisposable
{
    private const string Source = """
        #include "scale.cuh"
        extern "C" __global__ void tiny(float* x) { x[threadIdx.x] *= SCALE + ADD; }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rwkvx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Compile_TheSameAgain_IsReadFromDisk()
    {
        Require();
        byte[] image = Compile(compiled: 1);
        Assert.Equal(image, Compile(compiled: 0));
        Assert.Equal(image, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_folder))));
    }

    [Fact]
    public void Compile_AnythingElse_IsCompiledAnew()
    {
        Require();
        byte[] image = Compile(compiled: 1);
        Assert.NotEqual(image, Compile(compiled: 1, source: Source.Replace("*=", "+=", StringComparison.Ordinal)));
        Assert.NotEqual(image, Compile(compiled: 1, header: "#define SCALE 3"));
        Assert.NotEqual(image, Compile(compiled: 1, option: "-DADD=2"));
        Assert.NotEqual(image, Compile(compiled: 1, computeCapability: 80));
        Assert.Equal(image, Compile(compiled: 1, driverVersion: 13_000)); // the compiler does not know the driver, but another one need not take the code
        Assert.Equal(6, Directory.GetFiles(_folder).Length);
        Assert.Equal(image, Compile(compiled: 0));
    }

    [Fact]
    public void Compile_SourceWithAnError_SaysWhichKernelAndWhatTheCompilerSaid()
    {
        Require();
        KernelCompiler compiler = new(90, 0, _folder, new Sources(("broken.cu", "extern \"C\" __global__ void broken(float* x) { *x = nowhere; }")));
        CudaException error = Assert.Throws<CudaException>(() => compiler.Compile("broken", []));
        Assert.Equal(("NVRTC_ERROR_COMPILATION", "broken"), (error.ErrorName, error.Kernel));
        Assert.StartsWith("NVRTC_ERROR_COMPILATION: broken.cu: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"nowhere\" is undefined", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Compile_KernelThatIsNot_SaysWhich()
    {
        Require();
        CudaException error = Assert.Throws<CudaException>(() => new KernelCompiler(90, 0, folder: null).Compile("none", []));
        Assert.Equal(("NO_SUCH_KERNEL", "none"), (error.ErrorName, error.Kernel));
    }

    [Fact]
    public void Load_WhatIsNoMachineCode_SaysWhichKernel()
    {
        CudaTest.Require();
        using CudaDevice device = new(0, null);
        CudaException error = Assert.Throws<CudaException>(() => new CudaModule(new byte[64], "tiny").Dispose());
        Assert.Equal("tiny", error.Kernel);
        Assert.StartsWith("CUDA_ERROR_", error.ErrorName, StringComparison.Ordinal);
        Assert.Contains("cuModuleLoadData of tiny", error.Message, StringComparison.Ordinal);
    }

    private static void Require()
    {
        ScalarRun.SkipNative("NVRTC");
        string? missing = KernelCompileTests.FindCompiler();
        Assert.SkipUnless(missing is null, $"no NVRTC: {missing}");
    }

    private byte[] Compile(int compiled, string source = Source, string header = "#define SCALE 2", string option = "-DADD=1", int computeCapability = 90, int driverVersion = 12_040)
    {
        KernelCompiler compiler = new(computeCapability, driverVersion, _folder, new Sources(("tiny.cu", source), ("scale.cuh", header)));
        byte[] image = compiler.Compile("tiny", [option]);
        Assert.Equal(compiled, compiler.CompiledCount);
        return image;
    }

    /// <summary>An assembly with these resources.</summary>
    private sealed class Sources(params (string Name, string Text)[] resources) : Assembly
    {
        public override string[] GetManifestResourceNames() => [.. resources.Select(resource => resource.Name)];

        public override Stream? GetManifestResourceStream(string name) =>
            resources.FirstOrDefault(resource => resource.Name == name).Text is { } text ? new MemoryStream(Encoding.UTF8.GetBytes(text)) : null;
    }
}
