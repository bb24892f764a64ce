using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Full attention as one chunk longer than any text: the same function as small chunks that are all chosen.</summary>
public sealed class FullAttentionTests
{
    private const int Longest = 262_144, Tokens = 700;

    [Fact]
    public void Forward_OneChunk_OnTheCpu_IsAllChunksChosen() => TensorAssert.Close(AllChunks(), OneChunk(tiny => tiny.Engine()), CudaTolerances.F32, "logits");

    [Theory]
    [InlineData(Precision.F32)]
    [InlineData(Precision.BF16)]
    public void Forward_OneChunk_OnADevice_IsAllChunksChosen(Precision precision)
    {
        CudaTest.Require();
        float[] expected = AllChunks(), found = OneChunk(tiny => CudaTest.Load(ModelTensors.Read(tiny.Checkpoint, Longest, 1), precision));
        double rms = Math.Sqrt(expected.Zip(found, (e, f) => Math.Pow(e - f, 2)).Average()), bound = precision == Precision.F32 ? CudaTolerances.F32 : CudaTolerances.Narrow;
        Assert.True(rms <= bound, $"{precision}: rms error {rms:g3}, tolerance {bound}");
    }

    private static float[] AllChunks()
    {
        using TinyModel tiny = TinyModel.Create(heads: 2, layers: 2, chunkSize: 16, topK: 64);
        using CpuModel model = tiny.Engine();
        return Run(tiny, model);
    }

    private static float[] OneChunk(Func<TinyModel, IRwkvXModel> load)
    {
        using TinyModel tiny = TinyModel.Create(heads: 2, layers: 2, chunkSize: Longest, topK: 1);
        using IRwkvXModel model = load(tiny);
        return Run(tiny, model);
    }

    /// <summary>A prompt in two spans, then single tokens; logits of the last span and the steps.</summary>
    private static float[] Run(TinyModel tiny, IRwkvXModel model)
    {
        int[] tokens = tiny.Tokens(Tokens);
        int v = model.Config.VocabSize;
        float[] logits = new float[110 * v];
        using RwkvXState state = model.CreateState();
        model.Forward(state, tokens.AsMemory(0, 590), Memory<float>.Empty);
        model.Forward(state, tokens.AsMemory(590, 100), logits.AsMemory(0, 100 * v));
        for (int t = 0; t < 10; t++) model.Forward(state, tokens.AsMemory(690 + t, 1), logits.AsMemory((100 + t) * v, v));
        return logits;
    }
}
