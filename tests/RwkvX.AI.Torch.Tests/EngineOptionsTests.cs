using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>What an application that has this package reaches through the options of the chat client.</summary>
public sealed class EngineOptionsTests
{
    [Fact]
    public async Task GetResponse_EngineTorchOnCpu_AnswersAsTheManagedEngine()
    {
        LibTorchTest.Require();
        Assert.Equal(await Answer(new RwkvXOptions { Engine = "cpu" }, "cpu"), await Answer(new RwkvXOptions { Engine = "torch", Device = "cpu" }, "torch"));
    }

    [Fact]
    public async Task GetResponse_DeviceCuda_AnswersAsTheManagedEngine()
    {
        CudaTest.Require();
        Assert.Equal(await Answer(new RwkvXOptions { Engine = "cpu" }, "cpu"), await Answer(new RwkvXOptions { Device = "cuda", Precision = Precision.F32 }, "torch"));
    }

    [Fact]
    public void WhyNot_PrecisionThatCpuLibTorchHasNot_NamesThoseThatItHas()
        => Assert.Contains("F32 or BF16", new TorchEngineProvider().WhyNot(new EngineRequest { Device = "cpu", Precision = Precision.Fp8 }), StringComparison.Ordinal);

    [Fact]
    public void WhyNot_StatesInF16OnCpuLibTorch_SaysWhatItHas()
        => Assert.Contains("expected states in F32", new TorchEngineProvider().WhyNot(new EngineRequest { Device = "cpu", StatePrecision = Precision.F16 }), StringComparison.Ordinal);

    [Fact]
    public void CudaOptions_OfStatesInF16_AskForThem()
        => Assert.Equal(Precision.F16, TorchEngineProvider.CudaOptions(new RwkvXOptions { Device = "cuda", StatePrecision = Precision.F16 }.EngineRequest).StatePrecision);

    [Fact]
    public async Task GetResponse_DeviceCudaWithoutDriver_SaysWhatIsMissing()
    {
        string? reason = new TorchEngineProvider().WhyNot(new EngineRequest { Device = "cuda" });
        Assert.SkipWhen(reason is null, "this machine has a CUDA device");
        EngineUnavailableException error = await Assert.ThrowsAsync<EngineUnavailableException>(() => Answer(new RwkvXOptions { Device = "cuda" }, "torch"));
        Assert.Contains("device cuda", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CudaOptions_OfARetentionWithABudget_CountLooks()
    {
        Assert.False(TorchEngineProvider.CudaOptions(new RwkvXOptions { Device = "cuda" }.EngineRequest).CountLooks);
        Assert.True(TorchEngineProvider.CudaOptions(new RwkvXOptions { Device = "cuda", Retention = RetentionPolicy.KeepBudget(1) }.EngineRequest).CountLooks);
    }

    private static async Task<string> Answer(RwkvXOptions options, string engine)
    {
        options.ModelPath = Repository.EmbeddedModel; // a pack for a GPU has no embedded one
        using RwkvXChatClient client = new(options);
        Assert.Equal(engine, client.GetService<IRwkvXModel>()!.Engine.Name);
        ChatResponse response = await client.GetResponseAsync("My name is Ada. What is my name?", new ChatOptions { Temperature = 0, MaxOutputTokens = 24 });
        return response.Text;
    }
}
