using RwkvX.AI.Testing;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Training.Cuda;
using Xunit;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>The kernels between products compile to machine code for Hopper in every variant; needs NVRTC, but no GPU.</summary>
public sealed class ElementwiseCompileTests
{
    [Theory]
    [InlineData("shift_mix_forward", "-DM=0 -DADDED=0", "-DM=6 -DADDED=0", "-DM=1 -DADDED=1")]
    [InlineData("shift_mix_backward", "-DM=0 -DADDED=0", "-DM=6 -DADDED=0", "-DM=1 -DADDED=1")]
    [InlineData("wkv_operands_forward", "-DNARROW=0 -DFIRST=1", "-DNARROW=1 -DFIRST=0")]
    [InlineData("wkv_operands_backward", "-DNARROW=0 -DFIRST=1", "-DNARROW=1 -DFIRST=0")]
    [InlineData("wkv_result_forward", "-DNARROW=0", "-DNARROW=1")]
    [InlineData("wkv_result_backward", "-DNARROW=0", "-DNARROW=1")]
    [InlineData("squared_relu", "-DBACKWARD=0", "-DBACKWARD=1")]
    public void Compile_EveryVariant_GivesMachineCode(string kernel, params string[] variants)
    {
        ScalarRun.SkipNative("NVRTC");
        string? missing = KernelCompileTests.FindCompiler();
        Assert.SkipUnless(missing is null, $"no NVRTC: {missing}");
        KernelCompiler compiler = new(computeCapability: 90, driverVersion: 0, folder: null, typeof(CudaKernelLauncher).Assembly);
        foreach (string variant in variants)
            foreach (string shape in (string[])["-DC=256 -DBF16=1", "-DC=2560 -DBF16=0"])
                Assert.True(compiler.Compile(kernel, $"{shape} -DRUN=16 {variant}".Split(' ')).AsSpan().StartsWith("\x7f"u8), $"{kernel} {shape} {variant}: expected an ELF image");
    }
}
