using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

/// <summary>What the tool says of the engine that <c>auto</c> took.</summary>
public sealed class EngineNoteTests
{
    private static readonly EngineInfo Managed = new("cpu", "cpu", Precision.F32, 0, "AVX2, 2 threads"), Card = new("torch", "cuda:0", Precision.BF16, 0, "NVIDIA H100");

    [Fact]
    public void Of_AutoWithoutAGpu_SaysWhatWasTakenAndWhyInOneLine() => Assert.Equal(
        "device auto took cpu, engine cpu (AVX2, 2 threads), F32; no GPU: LIBRARY_NOT_FOUND: expected libcuda.so.1, found none",
        EngineNote.Of(new EngineRequest(), Managed, "LIBRARY_NOT_FOUND: expected libcuda.so.1, found none. Install the driver.\nTried: libcuda.so.1."));

    [Fact]
    public void Of_AutoWithAGpu_NamesTheCard() =>
        Assert.Equal("device auto took cuda:0, engine torch (NVIDIA H100), BF16", EngineNote.Of(new EngineRequest(), Card, passedOver: null));

    [Theory]
    [InlineData("auto", "cpu")]
    [InlineData("cpu", "auto")]
    [InlineData("torch", "cpu")]
    [InlineData("auto", "cuda")]
    public void Of_WhatWasNamed_SaysNothing(string engine, string device) => Assert.Null(EngineNote.Of(new EngineRequest { Engine = engine, Device = device }, Managed, passedOver: null));

    [Theory]
    [InlineData("passkey", "--tokens", "100", "--samples", "1", "--depths", "1")]
    [InlineData("chat", "--once", "Hello.", "--max-tokens", "1")]
    public async Task Run_DeviceAuto_SaysItOnStandardErrorAlone(params string[] args)
    {
        CliRun auto = (await CliRun.Of([.. args, "--device", "auto"])).Succeeded();
        Assert.NotNull(auto.EngineNote);
        Assert.True(auto.EngineNote.Contains("engine torch (", StringComparison.Ordinal) || auto.EngineNote.Contains("; no GPU: ", StringComparison.Ordinal), auto.EngineNote);
        Assert.DoesNotContain("device auto", auto.Out, StringComparison.Ordinal);
        Assert.Null((await CliRun.Of([.. args, "--device", "cpu"])).Succeeded().EngineNote);
    }
}
