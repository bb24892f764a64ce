using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class TrainAverageCommandTests
{
    [Fact]
    public async Task Average_OneModelTwice_WritesThatModelAgain()
    {
        using TemporaryFolder folder = new();
        (await CliRun.Of("train", "average", Repository.EmbeddedModel, Repository.EmbeddedModel, "--shares", "0.75", "0.25", "--out", folder["mean"])).Succeeded();
        foreach (string file in new[] { "model.safetensors", "vocab.txt" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(Repository.EmbeddedModel, file)), File.ReadAllBytes(Path.Combine(folder["mean"], file)));
    }

    [Theory]
    [InlineData("MODEL: expected at least 2, found 1", 1)]
    [InlineData("--shares: expected 2, one for each model, found 1", 2, "--shares", "1")]
    [InlineData("--shares: expected 1 together, found 0.75", 2, "--shares", "0.5", "0.25")]
    public async Task Average_WhatCannotBe_SaysWhyAndWritesNothing(string message, int count, params string[] flags)
    {
        using TemporaryFolder folder = new();
        CliRun run = await CliRun.Of(["train", "average", .. Enumerable.Repeat(Repository.EmbeddedModel, count), "--out", folder["mean"], .. flags]);
        run.FailedWith(1, message);
        Assert.False(Directory.Exists(folder["mean"]));
    }
}
