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
    public void Forward_CapturedSteps_SameBitsAsEager(Precision precision) => CheckCaptured(precision, Precision.F32, [1, 2, 3, 4, 9], 60);

    [Theory]
    [InlineData(Precision.F32)]
    [InlineData(Precision.BF16)]
    public void Forward_CapturedStepsStatesF16_SameBitsAsEager(Precision precision) => CheckCaptured(precision, Precision.F16, [1, 2, 3, 4, 9], 60);

    /// <summary>So small that compute-sanitizer gets through (<c>eng/cuda-sanitize.sh</c>).</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Forward_FewCapturedSteps_SameBitsAsEager(int batch) => CheckCaptured(Precision.BF16, Precision.F32, [batch], 4);

    private static void CheckCaptured(Precision precision, Precision states, int[] batches, int steps)
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        using CudaModel captured = CudaTest.Load(tiny.Tensors(), precision, states: states), eager = CudaTest.Load(tiny.Tensors(), precision, capture: false, states: states);
        foreach (int batch in batches)
        {
            float[][] expected = Decode(eager, tiny, batch, steps), found = Decode(captured, tiny, batch, steps);
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
        => CheckBatch(batch, Precision.F32, (alone, together, what) => TensorAssert.Close(alone, together, CudaTolerances.F32, what));

    [Theory]
    [InlineData(4)]
    [InlineData(9)]
    public void Forward_BatchOfMixedLengthsStatesF16_IsNearEachAlone(int batch) => CheckBatch(batch, Precision.F16, GoldenTests.CheckRms);

    private static void CheckBatch(int batch, Precision states, Action<float[], float[], string> check)
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        using CudaModel model = CudaTest.Load(tiny.Tensors(), states: states);
        float[][] together = Decode(model, tiny, batch, 50);
        for (int i = 0; i < batch; i++)
        {
            using RwkvXState state = model.CreateState();
            int[] prompt = tiny.Tokens(Prompt(i), seed: i), steps = tiny.Tokens(50, seed: 100 + i);
            float[] logits = new float[together[i].Length];
            model.Forward(state, prompt, Memory<float>.Empty);
            for (int t = 0; t < steps.Length; t++)
                model.Forward(state, steps.AsMemory(t, 1), logits.AsMemory(t * model.Config.VocabSize, model.Config.VocabSize));
            check(logits, together[i], $"sequence {i}, states {states}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the recurrence divided over tokens
    public void Forward_OneTokenRepeated_EqualsOracle(bool divide)
    {
        CudaTest.Require();
        // Equal keys at every position are where chunked forms of the recurrence lose all digits.
        using TinyModel tiny = TinyModel.Create(heads: 2, layers: 2, sparseLayers: 1, chunkSize: 64);
        int[] tokens = [.. Enumerable.Repeat(7, 4096)];
        float[] expected = [.. tiny.Oracle().Run(tiny.Oracle().CreateState(), tokens)[^1].Select(d => (float)d)];
        // States in f16 that are rounded at every token stop growing an eighth too early here: 0.038 of rms (docs/kernels/cuda-wkv.md).
        foreach ((Precision precision, Precision states) in ((Precision, Precision)[])[(Precision.F32, Precision.F32), (Precision.BF16, Precision.F32), (Precision.F16, Precision.F32), (Precision.F32, Precision.F16)])
        {
            using CudaModel model = CudaTest.Load(tiny.Tensors(), precision, states: states, divide: divide);
            foreach (int span in (int[])[4096, 1000, 1])
            {
                using RwkvXState state = model.CreateState();
                float[] logits = new float[model.Config.VocabSize];
                for (int t = 0; t < tokens.Length; t += span)
                    model.Forward(state, tokens.AsMemory(t, Math.Min(span, tokens.Length - t)), t + span >= tokens.Length ? logits : Memory<float>.Empty);
                double rms = Math.Sqrt(expected.Zip(logits, (e, f) => Math.Pow(e - f, 2)).Average());
                double bound = (precision, states) == (Precision.F32, Precision.F32) ? CudaTolerances.F32 : CudaTolerances.Narrow;
                Assert.True(rms <= bound, $"{precision}, states {states}, spans of {span}: rms error {rms:g3}, tolerance {bound}");
            }
        }
    }

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
