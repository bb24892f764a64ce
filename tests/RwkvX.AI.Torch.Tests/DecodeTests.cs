using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Decoding: captured against eager, batches against single sequences.</summary>
public sealed class DecodeTests
{
    [Theory]
    [InlineData(Precision.F32)]
    [InlineData(Precision.BF16)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Fp8)]
    public void Forward_CapturedSteps_SameBitsAsEager(Precision precision)
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        using CudaModel captured = CudaTest.Load(Tensors(tiny), precision), eager = CudaTest.Load(Tensors(tiny), precision, capture: false);
        foreach (int batch in (int[])[1, 2, 3, 4, 9])
        {
            float[][] expected = Decode(eager, tiny, batch, 60), found = Decode(captured, tiny, batch, 60);
            for (int i = 0; i < batch; i++)
                TensorAssert.SameBits(expected[i], found[i], $"batch {batch}, sequence {i}");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(9)]
    public void Forward_BatchOfMixedLengths_EqualsEachAlone(int batch)
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        using CudaModel model = CudaTest.Load(Tensors(tiny));
        float[][] together = Decode(model, tiny, batch, 50);
        for (int i = 0; i < batch; i++)
        {
            using RwkvXState state = model.CreateState();
            int[] prompt = tiny.Tokens(Prompt(i), seed: i), steps = tiny.Tokens(50, seed: 100 + i);
            float[] logits = new float[together[i].Length];
            model.Forward(state, prompt, Memory<float>.Empty);
            for (int t = 0; t < steps.Length; t++)
                model.Forward(state, steps.AsMemory(t, 1), logits.AsMemory(t * model.Config.VocabSize, model.Config.VocabSize));
            TensorAssert.Close(logits, together[i], CudaTolerances.F32, $"sequence {i}");
        }
    }

    [Fact]
    public void Forward_OneTokenRepeated_EqualsOracle()
    {
        CudaTest.Require();
        // Equal keys at every position are where chunked forms of the recurrence lose all digits.
        using TinyModel tiny = TinyModel.Create(heads: 2, layers: 2, sparseLayers: 1, chunkSize: 64);
        int[] tokens = [.. Enumerable.Repeat(7, 4096)];
        float[] expected = [.. tiny.Oracle().Run(tiny.Oracle().CreateState(), tokens)[^1].Select(d => (float)d)];
        foreach (Precision precision in (Precision[])[Precision.F32, Precision.BF16, Precision.F16])
        {
            using CudaModel model = CudaTest.Load(Tensors(tiny), precision);
            foreach (int span in (int[])[4096, 1000, 1])
            {
                using RwkvXState state = model.CreateState();
                float[] logits = new float[model.Config.VocabSize];
                for (int t = 0; t < tokens.Length; t += span)
                    model.Forward(state, tokens.AsMemory(t, Math.Min(span, tokens.Length - t)), t + span >= tokens.Length ? logits : Memory<float>.Empty);
                double rms = Math.Sqrt(expected.Zip(logits, (e, f) => Math.Pow(e - f, 2)).Average());
                double bound = precision == Precision.F32 ? CudaTolerances.F32 : CudaTolerances.Narrow;
                Assert.True(rms <= bound, $"{precision}, spans of {span}: rms error {rms:g3}, tolerance {bound}");
            }
        }
    }

    private static ModelTensors Tensors(TinyModel tiny) => ModelTensors.Read(tiny.Checkpoint, tiny.Config.MobaChunkSize, tiny.Config.MobaTopK);

    /// <summary>Prompts around the border of a chunk and of the window.</summary>
    private static int Prompt(int sequence) => 1 + sequence * 13 % 70;

    private static float[][] Decode(CudaModel model, TinyModel tiny, int batch, int steps)
    {
        int v = model.Config.VocabSize;
        RwkvXState[] states = [.. Enumerable.Range(0, batch).Select(_ => model.CreateState())];
        float[][] logits = [.. states.Select(_ => new float[steps * v])];
        for (int i = 0; i < batch; i++)
            model.Forward(states[i], tiny.Tokens(Prompt(i), seed: i), Memory<float>.Empty);
        int[][] tokens = [.. Enumerable.Range(0, batch).Select(i => tiny.Tokens(steps, seed: 100 + i))];
        for (int t = 0; t < steps; t++)
            model.Forward([.. Enumerable.Range(0, batch).Select(i => new ForwardItem(states[i], tokens[i].AsMemory(t, 1), logits[i].AsMemory(t * v, v)))]);
        foreach (RwkvXState state in states)
            state.Dispose();
        return logits;
    }
}
