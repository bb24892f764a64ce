using RwkvX.AI.Training.Attention;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Wkv;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests;

/// <summary>The fast forms of the operators against the readable ones, values and gradients.</summary>
public sealed class OperatorTests : TorchTest
{
    private const double Tolerance = 1e-3; // relative to the largest magnitude, single precision
    private const long N = 64;

    [Theory]
    [InlineData(1, 16, false)]
    [InlineData(5, 16, false)]
    [InlineData(37, 16, false)]
    [InlineData(64, 32, false)]
    [InlineData(131, 64, false)]
    [InlineData(100, 64, true)] // one token repeated: all keys equal, a = 1, slow decay
    [InlineData(100, 16, true)]
    public void ChunkedWkv_AnyLength_IsTheSequentialOne(int length, int chunk, bool repeated)
    {
        Tensor[] inputs = WkvInputs(length, repeated);
        CompareWkv(inputs, SequentialWkv.Forward, new ChunkedWkv(chunk, ChunkScan.Plain).Forward);
    }

    [Theory]
    [InlineData(1, 16, 3)]
    [InlineData(48, 16, 3)]
    [InlineData(150, 16, 3)]
    [InlineData(77, 8, 1)]
    [InlineData(90, 10, 20)]
    public void SlicedAttention_AnyLength_IsTheDenseOne(int length, int chunkSize, int topK)
    {
        Generator generator = new(3);
        Tensor[] qkv = [.. Enumerable.Range(0, 3).Select(_ => randn(2, 2, length, N, generator: generator).requires_grad_(true))];
        Compare(qkv, x => new DenseAttention(chunkSize, topK).Forward(x[0], x[1], x[2]), x => SlicedAttention.Forward(x[0], x[1], x[2], chunkSize, topK));
    }

    [Theory]
    [InlineData(1, 262_144, 1)]
    [InlineData(77, 262_144, 1)]
    [InlineData(64, 16, 4)]
    [InlineData(90, 10, 20)]
    public void FullAttention_WhereChunksCoverTheText_IsTheDenseOne(int length, int chunkSize, int topK)
    {
        Generator generator = new(3);
        Tensor[] qkv = [.. Enumerable.Range(0, 3).Select(_ => randn(2, 2, length, N, generator: generator).requires_grad_(true))];
        Assert.True(FullAttention.Covers(length, chunkSize, topK));
        Compare(qkv, x => new DenseAttention(chunkSize, topK).Forward(x[0], x[1], x[2]), x => FullAttention.Forward(x[0], x[1], x[2]));
    }

    [Fact]
    public void FullAttention_Or_IsTheSparseOneWhereAChunkMayBeLeftOut()
    {
        Assert.False(FullAttention.Covers(65, 16, 4));
        Tensor x = ones(1, 1, 65, N);
        AttentionForm form = FullAttention.Or((_, _, _) => zeros(1), 16, 4);
        Assert.Equal(1, form(x, x, x).numel());
        Assert.Equal(64 * N, form(x[.., .., ..64], x[.., .., ..64], x[.., .., ..64]).numel());
    }

    [Fact]
    public void ChunkChoice_EqualScores_TakesTheLowerChunk()
    {
        Tensor k = ones(1, 1, 40, N), q = ones(1, 1, 40, N);
        Tensor chosen = ChunkChoice.Choose(q, ChunkChoice.Means(k, 8), 0, 8, 3);
        Assert.Equal([0, 1], chosen[0, 0, 39].data<long>().ToArray());
        Assert.Equal([0, -1], chosen[0, 0, 15].data<long>().ToArray());
        Assert.Equal([-1, -1], chosen[0, 0, 7].data<long>().ToArray());
    }

    [Theory]
    [InlineData(40, 8)]
    [InlineData(77, 16)]
    [InlineData(150, 32)]
    public void ChoiceLoss_OnTheWayBack_AddsTheGradientOfItsValue(int length, int chunkSize)
    {
        Generator generator = new(5);
        Tensor[] qk = [.. Enumerable.Range(0, 2).Select(_ => (randn(2, 3, length, N, generator: generator) * 2).requires_grad_(true))];
        Tensor weights = rand(2, length, generator: generator), dy = randn(2, 3, length, N, generator: generator);
        int[] answers = [2, chunkSize - 1, chunkSize, chunkSize + 1, length - 1, length + 3, length + chunkSize + 5, (2 * length) - 2];
        IReadOnlyList<ChoiceRows> rows = ChoiceRows.Of(answers, weights, 0.3, chunkSize);
        Assert.Equal([3L, 2L], rows.Select(row => row.Positions.numel())); // those with a chunk behind them
        Tensor carrier = randn(2, 3, length, N, generator: generator).requires_grad_(true), attached = ChoiceLoss.Attach(carrier, qk[0], qk[1], rows, chunkSize);
        Close(carrier, attached, 0, "carrier");
        Tensor value = ChoiceLoss.Value(qk[0], qk[1], rows, chunkSize);
        Assert.True(value.item<float>() > 0.01);
        IList<Tensor> expected = autograd.grad([value], qk), found = autograd.grad([(attached * dy).sum()], [.. qk, carrier]);
        for (int i = 0; i < qk.Length; i++) Close(expected[i], found[i], 1e-5, $"gradient of input {i}");
        Close(dy, found[2], 0, "gradient of the carrier");
    }

    [Fact]
    public void ChoiceRows_OfManyAnswers_AreSomeOfThemThatCountForAll()
    {
        IReadOnlyList<ChoiceRows> rows = ChoiceRows.Of([.. Enumerable.Range(0, 2000)], ones(2, 1000), 0.3, 100); // 900 of each sequence have a chunk behind them
        Assert.Equal([256L, 256L], rows.Select(row => row.Positions.numel()));
        Assert.Equal(0.3 * 1800, rows.Sum(row => row.Weights.sum().item<float>()), 1e-2);
        foreach (ChoiceRows row in rows) Assert.True(row.Positions.diff().min().item<long>() >= 3);
    }

    [Fact]
    public void ChoiceLoss_OfChunksOfOneKey_IsNothing()
    {
        Tensor q = randn(1, 2, 30, N, generator: new Generator(5)), k = randn(1, 2, 30, N, generator: new Generator(6)); // means are keys: what is chosen is what is looked at
        Assert.Equal(0, ChoiceLoss.Value(q, k, ChoiceRows.Of([7, 29], ones(1, 30), 1, 1), 1).item<float>(), 1e-5);
    }

    [Fact]
    public void ChoiceLoss_Descended_BringsTheChunkOfTheKeyThatIsLookedAtAmongTheChosen()
    {
        Generator generator = new(5);
        Tensor k = randn(1, 1, 128, N, generator: generator), q = randn(1, 1, 128, N, generator: generator), key = k[0, 0, 21].clone();
        q[0, 0, 127] = key * 2; // looks at position 21, whose chunk's other keys are far from what is asked for
        for (int i = 16; i < 24; i++) if (i != 21) k[0, 0, i] = key * -0.5;
        (q, k) = (q.requires_grad_(true), k.requires_grad_(true));
        IReadOnlyList<ChoiceRows> rows = ChoiceRows.Of([127], ones(1, 128), 1, 8);
        Assert.DoesNotContain(2, Chosen());
        for (int step = 0; step < 200; step++)
        {
            IList<Tensor> gradients = autograd.grad([ChoiceLoss.Value(q, k, rows, 8)], [q, k]);
            (q, k) = ((q - (0.3 * gradients[0])).detach().requires_grad_(true), (k - (0.3 * gradients[1])).detach().requires_grad_(true));
        }

        Assert.Equal(2, Chosen()[0]);

        long[] Chosen() => ChunkChoice.Choose(q[.., .., 127..], ChunkChoice.Means(k, 8), 127, 8, 4).data<long>().ToArray();
    }

    private static void CompareWkv(Tensor[] inputs, WkvForm expected, WkvForm found) =>
        Compare(inputs, x => expected(x[0], x[1], x[2], x[3], x[4], x[5]), x => found(x[0], x[1], x[2], x[3], x[4], x[5]));

    internal static Tensor[] WkvInputs(int length, bool repeated)
    {
        Generator generator = new(7);
        Tensor Draw()
        {
            Tensor drawn = randn(2, repeated ? 1 : length, 3, N, generator: generator);
            return repeated ? drawn.expand(2, length, 3, N).contiguous() : drawn;
        }

        Tensor kappa = Draw();
        kappa = kappa / kappa.norm(-1, keepdim: true);
        Tensor gate = repeated ? ones_like(kappa) : sigmoid(Draw());
        Tensor logW = repeated ? full_like(kappa, -0.0025) : -0.6065306597 * sigmoid(Draw() * 3);
        Tensor k = repeated ? kappa.clone() : Draw();
        return [.. new[] { Draw(), logW, k, Draw(), -kappa, kappa * gate }.Select(x => x.detach().requires_grad_(true))];
    }

    /// <summary>Outputs and the gradients of all inputs agree; a gradient that is nothing beside the others may have the rounding of theirs.</summary>
    internal static void Compare(Tensor[] inputs, Func<Tensor[], Tensor> expected, Func<Tensor[], Tensor> found, double tolerance = Tolerance)
    {
        Tensor e = expected(inputs), f = found(inputs);
        Close(e, f, tolerance, "output");
        Tensor dy = randn(e.shape, generator: new Generator(11)).to(e.dtype).to(e.device);
        IList<Tensor> de = autograd.grad([e], inputs, [dy]), df = autograd.grad([f], inputs, [dy]);
        double least = 1e-3 * de.Max(gradient => gradient.abs().max().to(ScalarType.Float32).item<float>());
        for (int i = 0; i < inputs.Length; i++) Close(de[i], df[i], tolerance, $"gradient of input {i}", least);
    }

    internal static void Close(Tensor expected, Tensor found, double tolerance, string what, double least = 0)
    {
        (expected, found) = (expected.to(ScalarType.Float32), found.to(ScalarType.Float32));
        double scale = Math.Max(expected.abs().max().item<float>(), Math.Max(least, 1e-2)), error = (expected - found).abs().max().item<float>() / scale;
        Assert.True(error <= tolerance, $"{what}: relative error {error:g3}, tolerance {tolerance:g3}");
    }
}
