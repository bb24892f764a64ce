using RwkvX.AI.Training.Attention;
using RwkvX.AI.Training.Cuda;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>The choice of chunks, the lists by chunk and the attention on tensor cores: compiled for the host everywhere, and on the device where there is one.</summary>
public sealed class AttentionKernelTests : TorchTest
{
    private const long N = 64;

    [Theory]
    [InlineData(70, 32, 1, false)]
    [InlineData(200, 32, 3, false)]
    [InlineData(150, 32, 16, true)] // fewer chunks than choices; equal scores
    [InlineData(2120, 32, 3, false)] // more chunks than a tile has
    public void Choice_OnHost_IsThePlainOne(int length, int chunkSize, int topK, bool repeated)
    {
        using HostKernelLauncher launcher = new();
        CheckChoice(launcher, 1, length, chunkSize, topK, CPU, repeated);
    }

    [Theory]
    [InlineData(70, 32, 1)]
    [InlineData(700, 32, 3)]
    [InlineData(900, 64, 3)]
    public void Lists_OnHost_HoldEveryQueryOnceByChunk(int length, int chunkSize, int topK)
    {
        using HostKernelLauncher launcher = new();
        CheckLists(launcher, 2, length, chunkSize, topK, CPU);
    }

    [Theory]
    [InlineData(1, 32, 3, false)]
    [InlineData(130, 32, 3, true)]
    [InlineData(141, 64, 3, false)]
    [InlineData(141, 64, 3, true)]
    [InlineData(150, 96, 2, false)] // three blocks of keys in a chunk
    public void Attention_OnHostInBFloat16_IsTheDenseOne(int length, int chunkSize, int topK, bool isReversed)
    {
        using HostKernelLauncher launcher = new() { IsReversed = isReversed };
        CompareAttention(launcher, 1, 1, length, chunkSize, topK, CPU, repeated: false);
        Assert.Equal(1, launcher.Launches["moba_backward_tiles"]);
    }

    /// <summary>Of values that are alike, dY·V − δ is the small difference of two large numbers: δ must not have the rounding of y.</summary>
    [Theory]
    [InlineData(32)]
    [InlineData(1024)] // longer than the tensor cores' kernels do
    public void Attention_OnHostInBFloat16_OfValuesThatAreAlike_IsTheDenseOne(int chunkSize)
    {
        using HostKernelLauncher launcher = new();
        Tensor[] qkv = Inputs(1, 1, 150, ScalarType.BFloat16, CPU, repeated: false);
        qkv[2] = (qkv[2].detach() + 16).requires_grad_(true);
        Compare(launcher, qkv, chunkSize, 3, 2e-2);
    }

    [Theory]
    [InlineData(4097, 32, 16, false)]
    [InlineData(70_000, 32, 16, false)]
    [InlineData(5000, 64, 8, true)]
    public void Choice_OnDevice_IsThePlainOne(int length, int chunkSize, int topK, bool repeated)
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        CheckChoice(launcher, 2, length, chunkSize, topK, CUDA, repeated);
    }

    [Theory]
    [InlineData(5000, 64, 8)]
    [InlineData(40_000, 32, 16)] // more chunks than one pass takes
    public void Lists_OnDevice_HoldEveryQueryOnceByChunk(int length, int chunkSize, int topK)
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        CheckLists(launcher, 3, length, chunkSize, topK, CUDA);
    }

    [Theory]
    [InlineData(1, 64, 8, false)]
    [InlineData(4097, 64, 8, false)]
    [InlineData(3999, 32, 16, false)]
    [InlineData(2000, 128, 3, false)]
    [InlineData(1500, 96, 4, false)]
    [InlineData(3000, 512, 2, false)]
    [InlineData(1000, 64, 8, true)]
    public void Attention_OnDeviceInBFloat16_IsTheDenseOne(int length, int chunkSize, int topK, bool repeated)
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        CompareAttention(launcher, 2, 2, length, chunkSize, topK, CUDA, repeated);
    }

    [Theory]
    [InlineData(64, 8)]
    [InlineData(32, 16)]
    public void Attention_OnDeviceInBFloat16_RepeatsBitForBit(int chunkSize, int topK)
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        Tensor[] qkv = Inputs(2, 2, 6000, ScalarType.BFloat16, CUDA, repeated: false);
        Tensor[] Run()
        {
            Tensor y = KernelAttention.Forward(launcher, qkv[0], qkv[1], qkv[2], chunkSize, topK);
            return [y, .. autograd.grad([y], qkv, [ones_like(y)])];
        }

        Tensor[] first = Run(), second = Run();
        for (int i = 0; i < first.Length; i++) Assert.True((first[i] == second[i]).all().item<bool>(), $"result {i} differs between two runs");
    }

    private static void CheckChoice(IKernelLauncher launcher, int heads, int length, int chunkSize, int topK, Device device, bool repeated)
    {
        Tensor[] qkv = Inputs(1, heads, length, ScalarType.Float32, device, repeated);
        Tensor means = ChunkChoice.Means(qkv[1], chunkSize);
        Tensor found = KernelChoice.Choose(launcher, qkv[0].detach(), qkv[1].detach(), chunkSize, topK).to(ScalarType.Int64);
        Tensor expected = cat([.. Enumerable.Range(0, (length + 4095) / 4096).Select(i =>
        {
            long first = i * 4096L, count = Math.Min(4096, length - first);
            return ChunkChoice.Choose(qkv[0].narrow(2, first, count), means, first, chunkSize, topK);
        })], 2);
        Assert.Equal(expected.shape, found.shape);
        if (repeated) // libtorch's own choice among equals depends on the device
        {
            using Tensor past = arange(length, device: device).div(chunkSize, RoundingMode.floor).view(-1, 1), lower = arange(topK - 1, device: device);
            Assert.True((found == where(lower < past, lower, full_like(lower, -1))).all().item<bool>(), "equal scores go to the lower chunk");
        }

        Assert.True((expected.lt(0) == found.lt(0)).all().item<bool>(), "as many choices");
        if (topK == 1) return;
        Tensor Scores(Tensor chosen, int choice)
        {
            Tensor index = chosen.select(-1, choice).clamp(min: 0).unsqueeze(-1).expand(1, heads, length, N);
            return (qkv[0] * means.gather(2, index)).sum(-1);
        }

        for (int choice = 0; choice < topK - 1; choice++)
        {
            float error = (Scores(expected, choice) - Scores(found, choice)).abs().max().item<float>();
            Assert.True(error < 1e-5, $"choice {choice}: a score is {error:g3} off");
        }
    }

    private static void CheckLists(IKernelLauncher launcher, int heads, int length, int chunkSize, int topK, Device device)
    {
        Tensor[] qkv = Inputs(1, heads, length, ScalarType.Float32, device, repeated: false);
        using Tensor chosen = KernelChoice.Choose(launcher, qkv[0].detach(), qkv[1].detach(), chunkSize, topK);
        ChunkLists lists = ChunkLists.Of(launcher, chosen, chunkSize);
        int[] choices = [.. chosen.cpu().data<int>()], entries = [.. lists.Entries.cpu().data<int>()];
        int[] items = [.. lists.Items.cpu().data<int>()], firsts = [.. lists.Firsts.cpu().data<int>()];
        for (int head = 0; head < heads; head++)
        {
            int at = 0, item = 0;
            for (int chunk = 0; chunk < lists.Chunks; chunk++)
            {
                int[] expected = [.. Enumerable.Range(0, length * topK).Where(entry => ChunkOf(head, entry) == chunk)];
                Assert.Equal(expected, entries.AsSpan((head * length * topK) + at, expected.Length).ToArray());
                Assert.Equal(item, firsts[(head * (lists.Chunks + 1)) + chunk]);
                for (int from = 0; from < expected.Length; from += ChunkLists.Span, item++)
                    Assert.Equal([chunk, at + from, at + Math.Min(from + ChunkLists.Span, expected.Length)], items.AsSpan(((head * lists.Most) + item) * 4, 3).ToArray());
                at += expected.Length;
            }

            Assert.Equal(item, firsts[(head * (lists.Chunks + 1)) + lists.Chunks]);
        }

        int ChunkOf(int head, int entry)
        {
            (int query, int choice) = Math.DivRem(entry, topK);
            return choice == topK - 1 ? query / chunkSize : choices[(((head * length) + query) * (topK - 1)) + choice];
        }
    }

    private static void CompareAttention(IKernelLauncher launcher, int sequences, int heads, int length, int chunkSize, int topK, Device device, bool repeated) =>
        Compare(launcher, Inputs(sequences, heads, length, ScalarType.BFloat16, device, repeated), chunkSize, topK, repeated ? 3e-2 : 1e-2);

    /// <summary>The kernels against the dense form in single precision, which gets the kernel's choice, so that a tie decided by rounding is no difference.</summary>
    /// <remarks>With one token repeated the gradients of q and k are zero in exact arithmetic, so the difference is rounding, relative to the other gradients.</remarks>
    internal static void Compare(IKernelLauncher launcher, Tensor[] qkv, int chunkSize, int topK, double tolerance)
    {
        Tensor chosen = KernelChoice.Choose(launcher, qkv[0].detach(), qkv[1].detach(), chunkSize, topK).to(ScalarType.Int64);
        DenseAttention dense = new(chunkSize, topK);
        OperatorTests.Compare(
            qkv,
            x => dense.Forward(x[0].to(ScalarType.Float32), x[1].to(ScalarType.Float32), x[2].to(ScalarType.Float32), chosen).to(x[0].dtype),
            x => KernelAttention.Forward(launcher, x[0], x[1], x[2], chunkSize, topK),
            tolerance);
    }

    private static Tensor[] Inputs(int sequences, int heads, int length, ScalarType type, Device device, bool repeated)
    {
        Generator generator = new(11);
        return [.. Enumerable.Range(0, 3).Select(_ =>
        {
            Tensor drawn = randn(sequences, heads, repeated ? 1 : length, N, generator: generator);
            return (repeated ? drawn.expand(sequences, heads, length, N).contiguous() : drawn).to(type).to(device).requires_grad_(true);
        })];
    }
}
