using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Torch.Cuda;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Choosing tokens on the device: the same as the CPU sampler from equal logits.</summary>
public sealed class SampleTests
{
    public static TheoryData<string> Ways => ["greedy", "plain", "top-k", "top-p", "min-p", "all", "penalties", "bans"];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Run_ManyLogits_ChoosesWhatTheSamplerChooses(string way)
    {
        CudaTest.Require();
        using TinyModel tiny = TinyModel.Create(vocabulary: 5003);
        using CudaModel model = CudaTest.Load(tiny.Tensors());
        int v = model.Config.VocabSize, sequences = 24, steps = 12;
        using DeviceMemory logits = model.NewDeviceMemory((long)sequences * v * sizeof(float));
        Random random = new(5);
        Sampler[] device = [.. Enumerable.Range(0, sequences).Select(i => new Sampler(Options(way, i), v))];
        Sampler[] host = [.. Enumerable.Range(0, sequences).Select(i => new Sampler(Options(way, i), v))];
        int[] rows = [.. Enumerable.Range(0, sequences).Reverse()], tokens = new int[sequences];
        int different = 0;
        for (int step = 0; step < steps; step++)
        {
            float[] values = new float[sequences * v];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * (1 + i / v));
            model.Sample(logits.Address, values, device, rows, tokens);
            for (int i = 0; i < sequences; i++)
            {
                int expected = host[i].Sample(values.AsSpan(rows[i] * v, v));
                different += tokens[i] == expected ? 0 : 1;
                // Both go on from the same history, also where a draw fell on the border of two tokens.
                device[i].Count(expected);
            }
        }
        // Sums are rounded differently: a draw may fall between two tokens' borders, once in some million.
        Assert.True(different <= 1, $"{way}: {different} of {sequences * steps} choices differ, expected none, or one by rounding");
    }

    [Theory]
    [InlineData(float.NaN, ISamplingEngine.Broken)]
    [InlineData(float.PositiveInfinity, ISamplingEngine.Broken)]
    [InlineData(float.NegativeInfinity, ISamplingEngine.NothingLeft)]
    public void Run_LogitsThatCannotBe_SaysWhich(float value, int code)
    {
        CudaTest.Require();
        using TinyModel tiny = TinyModel.Create(vocabulary: 300);
        using CudaModel model = CudaTest.Load(tiny.Tensors());
        int v = model.Config.VocabSize;
        using DeviceMemory logits = model.NewDeviceMemory((long)v * sizeof(float));
        float[] values = new float[v];
        if (code == ISamplingEngine.Broken)
            values[v - 1] = value;
        else
            Array.Fill(values, value);
        int[] tokens = new int[1];
        model.Sample(logits.Address, values, [new Sampler(new SamplingOptions(), v)], [0], tokens);
        Assert.Equal(code, tokens[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public void ForwardAndSample_Greedy_GoesOnAsForwardAndArgMax(int batch)
    {
        CudaTest.Require();
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        using CudaModel model = CudaTest.Load(tiny.Tensors());
        int v = model.Config.VocabSize, steps = 20;
        int[][] expected = [.. Enumerable.Range(0, batch).Select(i => Alone(model, tiny.Tokens(5 + i, seed: i), steps))];
        RwkvXState[] states = [.. Enumerable.Range(0, batch).Select(_ => model.CreateState())];
        Sampler?[] samplers = [.. Enumerable.Range(0, batch).Select(_ => new Sampler(new SamplingOptions { Temperature = 0 }, v))];
        ReadOnlyMemory<int>[] next = [.. Enumerable.Range(0, batch).Select(i => (ReadOnlyMemory<int>)tiny.Tokens(5 + i, seed: i))];
        // The last sequence takes its logits home: both kinds in one pass.
        float[] home = new float[v];
        samplers[^1] = batch > 1 ? null : samplers[^1];
        for (int step = 0; step < steps; step++)
        {
            int[] tokens = new int[batch];
            ((ISamplingEngine)model).ForwardAndSample([.. states.Select((s, i) => new ForwardItem(s, next[i], samplers[i] is null ? home : Memory<float>.Empty))], samplers, tokens);
            for (int i = 0; i < batch; i++)
            {
                int token = samplers[i] is null ? System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(home) : tokens[i];
                Assert.Equal(expected[i][step], token);
                next[i] = new[] { token };
            }
        }
        Array.ForEach(states, s => s.Dispose());
    }

    private static int[] Alone(CudaModel model, int[] prompt, int steps)
    {
        using RwkvXState state = model.CreateState();
        float[] logits = new float[model.Config.VocabSize];
        int[] tokens = new int[steps];
        model.Forward(state, prompt, logits);
        for (int i = 0; i < steps; i++)
        {
            tokens[i] = System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits);
            model.Forward(state, tokens.AsMemory(i, 1), logits);
        }
        return tokens;
    }

    private static SamplingOptions Options(string way, int seed)
    {
        SamplingOptions options = new() { Seed = seed, Temperature = 0.3f + seed * 0.1f };
        return way switch
        {
            "greedy" => options with { Temperature = 0 },
            "top-k" => options with { TopK = 1 + seed * 7 },
            "top-p" => options with { TopP = seed / 24f },
            "min-p" => options with { MinP = seed / 48f },
            "all" => options with { TopK = 50, TopP = 0.9f, MinP = 0.01f },
            "penalties" => options with { TopP = 0.9f, PresencePenalty = 0.5f, FrequencyPenalty = 0.3f, RepetitionPenalty = 1.2f, PenaltyDecay = 0.9f },
            "bans" => options with { TopK = 40, BannedTokens = [.. Enumerable.Range(0, 200).Select(i => i * 3)] },
            _ => options,
        };
    }
}
