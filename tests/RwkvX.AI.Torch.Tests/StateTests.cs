using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Torch.Cuda;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>States: exchange with the CPU engine, memory, budget.</summary>
public sealed class StateTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Import_StateOfOtherEngine_GoesOnAsIfUninterrupted(bool cpuFirst)
    {
        CudaTest.Require();
        using GoldenCase golden = GoldenCase.Open("hybrid-long");
        using CpuModel cpu = CpuModel.Load(golden.Files);
        using CudaModel cuda = CudaTest.Load(ModelTensors.Read(golden.Files));
        (IRwkvXModel first, IRwkvXModel second) = cpuFirst ? ((IRwkvXModel)cpu, (IRwkvXModel)cuda) : (cuda, cpu);
        int[] tokens = golden.Tokens;
        int v = first.Config.VocabSize, half = 77;
        float[] logits = new float[tokens.Length * v];
        using RwkvXState begun = first.CreateState();
        first.Forward(begun, tokens.AsMemory(0, half), logits.AsMemory(0, half * v));
        using RwkvXState moved = second.Import(first.Export(begun));
        second.Forward(moved, tokens.AsMemory(half), logits.AsMemory(half * v));
        TensorAssert.Close(golden.Logits, logits, CudaTolerances.F32, cpuFirst ? "CPU then CUDA" : "CUDA then CPU");
    }

    [Theory]
    [InlineData(Precision.F32)]
    [InlineData(Precision.Int8)]
    public void Dispose_ModelAndStates_ReturnsAllMemory(Precision precision)
    {
        long before = DeviceMemory.AllocatedBytes;
        using (TinyModel tiny = TinyModel.Create())
        {
            CudaModel model = CudaTest.Load(ModelTensors.Read(tiny.Checkpoint, 16, 3), precision);
            RwkvXState kept = model.CreateState();
            model.Forward(kept, tiny.Tokens(100), new float[model.Config.VocabSize]);
            model.Forward(kept, tiny.Tokens(1), new float[model.Config.VocabSize]);
            using RwkvXState fork = kept.Fork();
            model.Dispose();
            kept.Dispose();
        }
        Assert.Equal(before, DeviceMemory.AllocatedBytes);
    }

    [Fact]
    public void Forward_BeyondPageBudget_ThrowsAndLeavesOthersValid()
    {
        using TinyModel tiny = TinyModel.Create();
        using CudaModel model = CudaTest.Load(ModelTensors.Read(tiny.Checkpoint, 16, 3), pageBudget: 12 * 16 * 1024 * 3);
        using RwkvXState small = model.CreateState(), large = model.CreateState();
        float[] before = new float[model.Config.VocabSize], after = new float[before.Length];
        model.Forward(small, tiny.Tokens(20), before);
        Assert.Throws<DeviceMemoryException>(() => model.Forward(large, tiny.Tokens(5000), Memory<float>.Empty));
        Assert.True(small.IsValid);
        Assert.True(large.IsValid);
        model.Forward(small, tiny.Tokens(3, seed: 2), after);
        Assert.All(after, f => Assert.True(float.IsFinite(f)));
    }
}
