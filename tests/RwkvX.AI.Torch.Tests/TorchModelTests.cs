using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>The second opinion on CPU libtorch: golden cases in every schedule, states exchanged with the CPU engine.</summary>
public sealed class TorchModelTests
{
    [Theory]
    [MemberData(nameof(GoldenTests.Cases), MemberType = typeof(GoldenTests))]
    public void Forward_GoldenCaseF32_WithinTolerance(string name, string schedule)
    {
        LibTorchTest.Require();
        using GoldenCase golden = GoldenCase.Open(name);
        using TorchModel model = TorchModel.Load(ModelTensors.Read(golden.Files));
        using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
        TensorAssert.Close(golden.Logits, run.Logits, CudaTolerances.F32, $"{name} {schedule}: logits");
        GoldenTests.CheckState(golden, model.Export(run.State), $"{name} {schedule}");
    }

    [Theory]
    [InlineData("hybrid-long", "sequence")]
    [InlineData("hybrid-long", "7")]
    [InlineData("rwkv7-plain", "sequence")]
    public void Forward_GoldenCaseBF16_RmsWithinTolerance(string name, string schedule)
    {
        LibTorchTest.Require();
        using GoldenCase golden = GoldenCase.Open(name);
        using TorchModel model = TorchModel.Load(ModelTensors.Read(golden.Files), Precision.BF16);
        using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
        GoldenTests.CheckRms(golden.Logits, run.Logits, $"{name} {schedule} BF16 on CPU libtorch");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Import_StateOfOtherEngine_GoesOnAsIfUninterrupted(bool cpuFirst)
    {
        LibTorchTest.Require();
        using GoldenCase golden = GoldenCase.Open("hybrid-long");
        using CpuModel cpu = CpuModel.Load(golden.Files);
        using TorchModel torch = TorchModel.Load(ModelTensors.Read(golden.Files));
        (IRwkvXModel first, IRwkvXModel second) = cpuFirst ? ((IRwkvXModel)cpu, (IRwkvXModel)torch) : (torch, cpu);
        int[] tokens = golden.Tokens;
        int v = first.Config.VocabSize, half = 77;
        float[] logits = new float[tokens.Length * v];
        using RwkvXState begun = first.CreateState();
        first.Forward(begun, tokens.AsMemory(0, half), logits.AsMemory(0, half * v));
        using RwkvXState moved = second.Import(first.Export(begun));
        second.Forward(moved, tokens.AsMemory(half), logits.AsMemory(half * v));
        TensorAssert.Close(golden.Logits, logits, CudaTolerances.F32, cpuFirst ? "CPU then libtorch" : "libtorch then CPU");
    }

    [Fact]
    public void Fork_OfAState_GoesOnApart()
    {
        LibTorchTest.Require();
        using TinyModel tiny = TinyModel.Create(heads: 2, layers: 2, sparseLayers: 1);
        using TorchModel model = TorchModel.Load(tiny.Tensors());
        int v = model.Config.VocabSize;
        float[] expected = new float[v], found = new float[v], other = new float[v];
        using RwkvXState state = model.CreateState();
        model.Forward(state, tiny.Tokens(50), Memory<float>.Empty);
        using (RwkvXState fork = state.Fork())
            model.Forward(fork, tiny.Tokens(9, seed: 2), other);
        model.Forward(state, tiny.Tokens(5, seed: 3), found);
        using RwkvXState alone = model.CreateState();
        model.Forward(alone, tiny.Tokens(50), Memory<float>.Empty);
        model.Forward(alone, tiny.Tokens(5, seed: 3), expected);
        TensorAssert.SameBits(expected, found, "after a fork went its own way");
    }

    [Fact]
    public void Forward_WrongToken_LeavesTheStateValid()
    {
        LibTorchTest.Require();
        using TinyModel tiny = TinyModel.Create(heads: 2, layers: 2, sparseLayers: 1);
        using TorchModel model = TorchModel.Load(tiny.Tensors());
        using RwkvXState state = model.CreateState();
        Assert.Throws<ArgumentException>(() => model.Forward(state, new[] { model.Config.VocabSize }, Memory<float>.Empty));
        Assert.True(state.IsValid);
    }
}
