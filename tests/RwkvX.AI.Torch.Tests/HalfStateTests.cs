using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Testing.Reference;
using RwkvX.AI.Torch.States;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Engines whose states are f16 between passes, against a CPU engine whose states are rounded there; and that twin itself.</summary>
public sealed class HalfStateTests
{
    private const float Largest = 65504;

    /// <summary>Ways to the three kernels that move states: few sequences and one token, many and one token, any and more.</summary>
    public static TheoryData<int, int> Passes => new() { { 1, 1 }, { 4, 1 }, { 9, 1 }, { 1, 5 }, { 3, 37 } };

    [Theory]
    [InlineData("hybrid-window")]
    [InlineData("rwkv7-plain")]
    public void Twin_RoundedAtEveryToken_IsTheOracleRounded(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using HalfStateModel twin = new(CpuModel.Load(golden.Files, new CpuModelOptions { Threads = 1 }));
        using ScheduledRun run = ScheduledRun.Run(twin, golden.Tokens, "1");
        ScalarModel oracle = golden.Oracle();
        ScalarState state = oracle.CreateState();
        List<float> expected = [];
        foreach (int token in golden.Tokens)
        {
            expected.AddRange(oracle.Step(state, token).Select(d => (float)d));
            foreach (ScalarState.RwkvLayer layer in state.Rwkv)
                for (int i = 0; i < layer.Wkv.Length; i++)
                    layer.Wkv[i] = HalfStateModel.Round((float)layer.Wkv[i]);
        }
        // Where f32 and f64 lie on two sides of a border between halves the two part by 2^-10 of an element; 8e-5 and 1.7e-4 were measured.
        double rms = Math.Sqrt(expected.Zip(run.Logits, (e, f) => Math.Pow(e - f, 2)).Average());
        Assert.InRange(rms, 0, 5e-4);
    }

    /// <summary>What the tolerance of the device's tests leaves room for; the largest, 0.020, is another chunk chosen once in `hybrid-long`.</summary>
    [Theory]
    [MemberData(nameof(GoldenTests.Cases), MemberType = typeof(GoldenTests))]
    public void Twin_GoldenCase_RmsWithinTolerance(string name, string schedule)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using HalfStateModel twin = new(CpuModel.Load(golden.Files, new CpuModelOptions { Threads = 1 }));
        using ScheduledRun run = ScheduledRun.Run(twin, golden.Tokens, schedule);
        GoldenTests.CheckRms(golden.Logits, run.Logits, $"{name} {schedule}, twin");
    }

    [Fact]
    public void Write_AnyNumber_IsTheNearestHalfWithinTheFiniteRange()
    {
        ModelShape shape = Shape(Precision.F16);
        float[] wkv = [0, -0f, 1, 1 + (1 / 2048f), 1 + (3 / 2048f), -2049, 2051, 5.9604645e-8f, 2.9802322e-8f, 65519, 65520, -1e30f, float.PositiveInfinity, float.NegativeInfinity, 0.1f, float.NaN];
        float[] expected = [0, -0f, 1, 1, 1 + (4 / 2048f), -2048, 2052, 5.9604645e-8f, 0, Largest, Largest, -Largest, Largest, -Largest, 0.099975586f, float.NaN];
        float[] words = new float[wkv.Length / 2];
        StateMatrices.Write(wkv, shape, words);
        float[] found = StateMatrices.Read(words, shape);
        TensorAssert.SameBits(expected.AsSpan(..^1), found.AsSpan(..^1), "halves");
        Assert.True(float.IsNaN(found[^1]));
        Assert.All(wkv.Zip(expected), pair => Assert.Equal(pair.Second, HalfStateModel.Round(pair.First)));
    }

    [Fact]
    public void Read_WhatWasWritten_IsThatAgain()
    {
        float[] halves = [.. Enumerable.Range(0, 0x10000).Select(i => (float)BitConverter.UInt16BitsToHalf((ushort)i)).Where(float.IsFinite)];
        foreach (Precision states in (Precision[])[Precision.F32, Precision.F16])
        {
            float[] words = new float[states == Precision.F32 ? halves.Length : halves.Length / 2];
            StateMatrices.Write(halves, Shape(states), words);
            TensorAssert.SameBits(halves, StateMatrices.Read(words, Shape(states)), $"{states}");
        }
    }

    [Fact]
    public void Shape_StatesInF16_TakeHalfTheWordsOfTheirMatrices()
    {
        ModelShape wide = Shape(Precision.F32), half = Shape(Precision.F16);
        Assert.Equal(("-DSTATE=0", "-DSTATE=2"), (wide.StateDefine, half.StateDefine));
        Assert.Equal(4L * 3 * 64 * 64 / 2, wide.StateWords - half.StateWords); // layers, heads, N, N
        Assert.Equal(wide.RwkvWords - (3 * 64 * 64 / 2), half.RwkvWords);
        Assert.Equal(0, half.RwkvOffset(1) % 4); // 16-byte accesses
        Assert.Contains("states in F32 or F16", Assert.Throws<ArgumentException>(() => Shape(Precision.BF16)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public void Export_AfterAPass_IsTheNearestHalf(int batch, int span)
    {
        CudaTest.Require();
        using TinyModel tiny = Tiny();
        StateSnapshot[] begun = Begun(tiny, batch);
        using HalfStateModel twin = new(tiny.Engine());
        using CudaModel model = Load(tiny);
        StateSnapshot[] expected = Go(twin, tiny, begun, span), found = Go(model, tiny, begun, span);
        for (int i = 0; i < batch; i++)
        {
            float[] halves = Matrices(expected[i]), those = Matrices(found[i]);
            CheckHalves(halves, those, $"sequence {i} of {batch}, {span} tokens");
            int same = halves.Zip(those).Count(pair => pair.First == pair.Second); // 99.6% between f32 and f64; half of them if it rounded another way
            Assert.True(same >= 0.9 * halves.Length, $"sequence {i} of {batch}, {span} tokens: {same} of {halves.Length} elements are the expected halves");
        }
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public void Forward_MatricesBeyondTheFiniteRange_StopAtItsEnd(int batch, int span)
    {
        using TinyModel tiny = Tiny();
        StateSnapshot[] begun = Begun(tiny, batch);
        foreach (RwkvLayerSnapshot layer in begun.SelectMany(snapshot => snapshot.RwkvLayers))
            for (int i = 0; i < layer.Wkv.Length; i++)
                layer.Wkv[i] = (i * 7919 % 11) < 5 ? -1e9f : 1e9f; // comes in as the largest, and grows where a row agrees with κ
        using HalfStateModel twin = new(tiny.Engine());
        StateSnapshot[] expected = Go(twin, tiny, begun, span);
        Assert.Contains(Matrices(expected[0]), f => MathF.Abs(f) == Largest);
        CudaTest.Require();
        using CudaModel model = Load(tiny);
        StateSnapshot[] found = Go(model, tiny, begun, span);
        Assert.Contains(Matrices(found[0]), f => MathF.Abs(f) == Largest);
        for (int i = 0; i < batch; i++)
            CheckHalves(Matrices(expected[i]), Matrices(found[i]), $"sequence {i} of {batch}, {span} tokens");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Import_StateOfOtherEngine_GoesOn(bool cpuFirst)
    {
        CudaTest.Require();
        using GoldenCase golden = GoldenCase.Open("hybrid-long");
        using CpuModel cpu = CpuModel.Load(golden.Files);
        using CudaModel cuda = CudaTest.Load(ModelTensors.Read(golden.Files), states: Precision.F16);
        (IRwkvXModel first, IRwkvXModel second) = cpuFirst ? ((IRwkvXModel)cpu, (IRwkvXModel)cuda) : (cuda, cpu);
        int half = 77;
        using RwkvXState begun = first.CreateState();
        float[] logits = first.Logits(begun, golden.Tokens[..half], 11);
        using RwkvXState moved = second.Import(first.Export(begun));
        GoldenTests.CheckRms(golden.Logits, [.. logits, .. second.Logits(moved, golden.Tokens[half..], 11)], cpuFirst ? "CPU then CUDA" : "CUDA then CPU");
    }

    [Fact]
    public void Export_OfAnImport_SameBits()
    {
        CudaTest.Require();
        using TinyModel tiny = Tiny();
        using CudaModel model = Load(tiny);
        using RwkvXState state = model.CreateState();
        model.Forward(state, tiny.Tokens(50), Memory<float>.Empty);
        StateSnapshot snapshot = model.Export(state);
        using RwkvXState again = model.Import(snapshot), fork = state.Fork();
        TensorAssert.SameBits(Matrices(snapshot), Matrices(model.Export(again)), "imported");
        TensorAssert.SameBits(Matrices(snapshot), Matrices(model.Export(fork)), "forked");
        Assert.Equal(Shape(Precision.F16).StateWords * sizeof(float), state.RecurrentBytes);
        Assert.Equal(Precision.F16, model.Engine.StatePrecision);
    }

    private static TinyModel Tiny() => TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);

    private static CudaModel Load(TinyModel tiny) => CudaTest.Load(tiny.Tensors(), states: Precision.F16);

    private static ModelShape Shape(Precision states)
    {
        using TinyModel tiny = Tiny();
        return CudaModel.Shape(tiny.Tensors(), new CudaModelOptions { StatePrecision = states }, 132);
    }

    /// <summary>States after prompts of different lengths, in single precision.</summary>
    private static StateSnapshot[] Begun(TinyModel tiny, int batch)
    {
        using CpuModel cpu = tiny.Engine();
        return [.. Enumerable.Range(0, batch).Select(i =>
        {
            using RwkvXState state = cpu.CreateState();
            cpu.Forward(state, tiny.Tokens(30 + (7 * i), seed: i), Memory<float>.Empty);
            return cpu.Export(state);
        })];
    }

    /// <summary>The states after one pass more.</summary>
    private static StateSnapshot[] Go(IRwkvXModel engine, TinyModel tiny, StateSnapshot[] begun, int span)
    {
        RwkvXState[] states = [.. begun.Select(engine.Import)];
        engine.Forward([.. states.Select((state, i) => new ForwardItem(state, tiny.Tokens(span, seed: 100 + i), Memory<float>.Empty))]);
        StateSnapshot[] after = [.. states.Select(engine.Export)];
        Array.ForEach(states, state => state.Dispose());
        return after;
    }

    private static float[] Matrices(StateSnapshot snapshot) => [.. snapshot.RwkvLayers.SelectMany(layer => layer.Wkv)];

    /// <summary>Finite halves throughout, as far from the expected ones as the border between two of them and single precision make it.</summary>
    private static void CheckHalves(float[] expected, float[] found, string what)
    {
        float small = 1e-4f * expected.Max(MathF.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(found[i]) && found[i] == (float)(Half)found[i], $"{what}: element {i}: {found[i]} is not a finite half");
            Assert.True(MathF.Abs(expected[i] - found[i]) <= small + (MathF.Abs(expected[i]) / 1024), $"{what}: element {i}: expected {expected[i]}, found {found[i]}");
        }
    }
}
