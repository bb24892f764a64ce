using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Training.Attention;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Wkv;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>Each kernel against its plain twin: compiled for the host everywhere, and on the device where there is one.</summary>
public sealed class KernelTests : TorchTest
{
    private const long N = 64;

    [Fact]
    public void ChunkScan_OnHost_IsThePlainOne()
    {
        using HostKernelLauncher launcher = new();
        CompareScan(launcher, sequences: 2, chunks: 3, CPU);
        Assert.Equal(2, launcher.Launches["chunk_scan"]); // forward and backward
    }

    [Theory]
    [InlineData(75, 32, 2, ScalarType.Float32)]
    [InlineData(70, 64, 3, ScalarType.BFloat16)]
    public void Attention_OnHost_IsThePlainOne(int length, int chunkSize, int topK, ScalarType type)
    {
        using HostKernelLauncher launcher = new();
        CompareAttention(launcher, 1, length, chunkSize, topK, type, CPU, repeated: false);
    }

    [Theory]
    [InlineData(1, false, ScalarType.Float32)]
    [InlineData(64, false, ScalarType.Float32)]
    [InlineData(131, false, ScalarType.Float32)]
    [InlineData(150, true, ScalarType.Float32)] // one token repeated: all keys equal, a = 1, slow decay
    [InlineData(131, false, ScalarType.BFloat16)]
    [InlineData(150, true, ScalarType.BFloat16)]
    [InlineData(450, false, ScalarType.BFloat16)]
    [InlineData(1000, true, ScalarType.BFloat16)]
    public void Wkv_OnHost_IsThePlainOne(int length, bool repeated, ScalarType type)
    {
        using HostKernelLauncher launcher = new();
        Tensor[] inputs = WkvInputs(length, repeated, type, CPU);
        CompareWkv(launcher, inputs, new ChunkedWkv(16, ChunkScan.Plain).Forward);
        CompareWkv(launcher, inputs, SequentialWkv.Forward);
    }

    [Theory]
    [InlineData(1, false, ScalarType.Float32)]
    [InlineData(64, false, ScalarType.Float32)]
    [InlineData(65, false, ScalarType.Float32)]
    [InlineData(1000, true, ScalarType.Float32)]
    [InlineData(4097, false, ScalarType.Float32)]
    [InlineData(4097, false, ScalarType.BFloat16)]
    [InlineData(1000, true, ScalarType.BFloat16)]
    public void Wkv_OnDevice_IsThePlainOne(int length, bool repeated, ScalarType type)
    {
        using CudaKernelLauncher launcher = Device();
        CompareWkv(launcher, WkvInputs(length, repeated, type, CUDA), new ChunkedWkv(16, ChunkScan.Plain).Forward);
    }

    [Fact]
    public void Wkv_OnHostThreadsReversed_GivesTheSameBits()
    {
        using HostKernelLauncher launcher = new(), reversed = new() { IsReversed = true };
        Tensor[] inputs = WkvInputs(100, false, ScalarType.Float32, CPU);
        SameBits(WkvGradients(launcher, inputs), WkvGradients(reversed, inputs));
    }

    [Fact]
    public void Wkv_OnDevice_RepeatsBitForBit()
    {
        using CudaKernelLauncher launcher = Device();
        Tensor[] inputs = WkvInputs(3000, false, ScalarType.Float32, CUDA);
        SameBits(WkvGradients(launcher, inputs), WkvGradients(launcher, inputs));
    }

    [Theory]
    [InlineData(1, 64, 8, ScalarType.Float32, false)]
    [InlineData(1999, 32, 16, ScalarType.Float32, false)]
    [InlineData(4097, 64, 8, ScalarType.BFloat16, false)]
    [InlineData(1000, 64, 8, ScalarType.Float32, true)]
    public void Attention_OnDevice_IsThePlainOne(int length, int chunkSize, int topK, ScalarType type, bool repeated)
    {
        using CudaKernelLauncher launcher = Device();
        CompareAttention(launcher, 3, length, chunkSize, topK, type, CUDA, repeated);
    }

    [Fact]
    public void Attention_OnDevice_RepeatsBitForBit()
    {
        using CudaKernelLauncher launcher = Device();
        SameBits(AttentionGradients(launcher), AttentionGradients(launcher));
    }

    internal static CudaKernelLauncher Device()
    {
        try
        {
            RwkvX.AI.Torch.LibTorch.Load(cuda: true);
            Assert.SkipUnless(cuda.is_available(), "libtorch finds no CUDA device");
            return new CudaKernelLauncher();
        }
        catch (Exception e) when (e is CudaException or RwkvX.AI.Torch.LibTorchException)
        {
            Assert.Skip($"no usable CUDA device: {e.Message}");
            throw;
        }
    }

    /// <summary>(2, T, 3, 64) each, ln w in F32.</summary>
    private static Tensor[] WkvInputs(int length, bool repeated, ScalarType type, Device device) =>
        [.. OperatorTests.WkvInputs(length, repeated).Select((x, i) => x.detach().to(i == 1 ? ScalarType.Float32 : type).to(device).requires_grad_(true))];

    /// <summary>The plain form gets the same inputs in single precision; gradients of 16-bit inputs are rounded.</summary>
    internal static void CompareWkv(IKernelLauncher launcher, Tensor[] inputs, WkvForm plain) => OperatorTests.Compare(
        inputs,
        x =>
        {
            Tensor[] wide = [.. x.Select(input => input.to(ScalarType.Float32))];
            return plain(wide[0], wide[1], wide[2], wide[3], wide[4], wide[5]);
        },
        x => KernelWkv.Forward(launcher, x[0], x[1], x[2], x[3], x[4], x[5]),
        inputs[0].dtype == ScalarType.BFloat16 ? 2e-2 : 1e-3);

    private static Tensor[] WkvGradients(IKernelLauncher launcher, Tensor[] inputs)
    {
        Tensor y = KernelWkv.Forward(launcher, inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], inputs[5]);
        return [y, .. autograd.grad([y], inputs, [ones_like(y)])];
    }

    private static void SameBits(Tensor[] first, Tensor[] second)
    {
        for (int i = 0; i < first.Length; i++) Assert.True(first[i].eq(second[i]).all().item<bool>(), $"tensor {i} differs between two runs");
    }

    private static void CompareScan(IKernelLauncher launcher, int sequences, int chunks, Device device)
    {
        Generator generator = new(5);
        Tensor Draw(double scale) => (randn(sequences, chunks, N, N, generator: generator) * scale).to(device).requires_grad_(true);
        Tensor[] inputs = [Draw(1 / Math.Sqrt(N)), Draw(1)];
        OperatorTests.Compare(inputs, x => ChunkScan.Plain(x[0], x[1]), x => ChunkScan.With(x[0], x[1], new ScanKernel(launcher).Scan));
    }

    private static void CompareAttention(IKernelLauncher launcher, int heads, int length, int chunkSize, int topK, ScalarType type, Device device, bool repeated)
    {
        Tensor[] qkv = Inputs(heads, length, type, device, repeated);
        AttentionKernelTests.Compare(launcher, qkv, chunkSize, topK, type == ScalarType.BFloat16 ? 1e-2 : repeated ? 1e-2 : 1e-3);
    }

    private static Tensor[] AttentionGradients(IKernelLauncher launcher)
    {
        Tensor[] qkv = Inputs(2, 3000, ScalarType.BFloat16, CUDA, repeated: false);
        Tensor y = KernelAttention.Forward(launcher, qkv[0], qkv[1], qkv[2], 64, 8);
        return [y, .. autograd.grad([y], qkv, [ones_like(y)])];
    }

    private static Tensor[] Inputs(int heads, int length, ScalarType type, Device device, bool repeated)
    {
        Generator generator = new(3);
        return [.. Enumerable.Range(0, 3).Select(_ =>
        {
            Tensor drawn = randn(1, heads, repeated ? 1 : length, N, generator: generator);
            return (repeated ? drawn.expand(1, heads, length, N).contiguous() : drawn).to(type).to(device).requires_grad_(true);
        })];
    }
}
