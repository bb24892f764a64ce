using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Training.Attention;
using RwkvX.AI.Training.Cuda;
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
    [InlineData(1, false)]
    [InlineData(4097, false)]
    [InlineData(1000, true)]
    public void Wkv_OnDevice_IsThePlainOne(int length, bool repeated)
    {
        using CudaKernelLauncher launcher = Device();
        ScanKernel kernel = new(launcher);
        Tensor[] inputs = [.. OperatorTests.WkvInputs(length, repeated).Select(x => x.detach().to(CUDA).requires_grad_(true))];
        ChunkedWkv plain = new(16, ChunkScan.Plain), fast = new(64, (m, g) => ChunkScan.With(m, g, kernel.Scan));
        OperatorTests.Compare(inputs, x => plain.Forward(x[0], x[1], x[2], x[3], x[4], x[5]), x => fast.Forward(x[0], x[1], x[2], x[3], x[4], x[5]));
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
    public void ScanAndAttention_OnDevice_RepeatBitForBit()
    {
        using CudaKernelLauncher launcher = Device();
        Tensor[] first = AttentionGradients(launcher), second = AttentionGradients(launcher);
        for (int i = 0; i < first.Length; i++) Assert.True(first[i].equal(second[i]).item<bool>(), $"gradient {i} differs between two runs");
    }

    private static CudaKernelLauncher Device()
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
        OperatorTests.Compare(
            qkv,
            x => SlicedAttention.Forward(x[0], x[1], x[2], chunkSize, topK),
            x => KernelAttention.Forward(launcher, x[0], x[1], x[2], chunkSize, topK),
            type == ScalarType.BFloat16 ? 2e-2 : 1e-3);
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
