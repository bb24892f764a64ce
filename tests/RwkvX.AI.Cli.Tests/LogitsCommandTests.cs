using System.Globalization;
using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class LogitsCommandTests
{
    public static TheoryData<string, string> CasesAndSchedules()
    {
        TheoryData<string, string> data = [];
        foreach (string name in GoldenCase.Names)
        {
            foreach (string schedule in (string[])["sequence", "step", "split:7", "split:100000"]) data.Add(name, schedule);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(CasesAndSchedules))]
    public async Task Logits_GoldenCase_GivesGoldenLogitsAndState(string name, string schedule)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using TemporaryFolder folder = new();
        (await Run(golden, folder, "--schedule", schedule)).Succeeded();
        using Checkpoint output = Checkpoint.Open(folder["out.safetensors"]);
        Assert.All(output.Tensors.Values, tensor => Assert.Equal(TensorType.F32, tensor.Type));
        Check(output, "logits", golden.Logits, golden.Tokens.Length, golden.Config.VocabSize);
        RwkvXConfig c = golden.Config;
        int states = 1;
        for (int i = 0; i < c.LayerCount; i++, states += 3)
        {
            Check(output, $"state.rwkv.{i}.att_x_prev", golden.State($"rwkv.{i}.att_x_prev"), c.EmbeddingSize);
            Check(output, $"state.rwkv.{i}.wkv", golden.State($"rwkv.{i}.wkv"), c.HeadCount, c.HeadSize, c.HeadSize);
            Check(output, $"state.rwkv.{i}.ffn_x_prev", golden.State($"rwkv.{i}.ffn_x_prev"), c.EmbeddingSize);
        }

        for (int i = 0; i < c.SparseLayerCount; i++, states += 3)
        {
            Check(output, $"state.moba.{i}.key", golden.State($"moba.{i}.key"), golden.Tokens.Length, c.EmbeddingSize);
            Check(output, $"state.moba.{i}.value", golden.State($"moba.{i}.value"), golden.Tokens.Length, c.EmbeddingSize);
            Check(output, $"state.moba.{i}.ffn_x_prev", golden.State($"moba.{i}.ffn_x_prev"), c.EmbeddingSize);
        }

        Assert.Equal(states, output.Tensors.Count);
    }

    [Theory]
    [InlineData("bf16", 1e-4)] // the weights are stored in 16 bits anyway, and the arithmetic is f32
    [InlineData("int8", 1.0)]
    public async Task Logits_OtherPrecision_IsNear(string precision, double tolerance)
    {
        using GoldenCase golden = GoldenCase.Open("hybrid-window");
        using TemporaryFolder folder = new();
        (await Run(golden, folder, "--precision", precision)).Succeeded();
        using Checkpoint output = Checkpoint.Open(folder["out.safetensors"]);
        float[] logits = new float[golden.Logits.Length];
        output.Tensors["logits"].CopyTo(logits);
        TensorAssert.Close(golden.Logits, logits, tolerance, precision);
    }

    [Theory]
    [InlineData("[]", "at least one token")]
    [InlineData("[1, 999999]", "item 1: expected a token from 0 to")]
    [InlineData("[-1]", "item 0: expected a token from 0 to")]
    [InlineData("[1.5]", "item 0: expected an array of token ids")]
    [InlineData("[\"1\"]", "item 0: expected an array of token ids")]
    [InlineData("{}", "an array of token ids")]
    public async Task Logits_WrongTokens_NameTheFile(string tokens, string expected)
    {
        using TemporaryFolder folder = new();
        string model = Path.Combine(Repository.Fixtures, "golden", "rwkv7-plain"), path = folder.Write("tokens.json", tokens);
        (await CliRun.Of("logits", "--model", model, "--tokens", path, "--out", folder["o"])).FailedWith(1, path, expected);
        Assert.False(File.Exists(folder["o"]));
    }

    private static Task<CliRun> Run(GoldenCase golden, TemporaryFolder folder, params string[] flags)
    {
        string tokens = folder.Write("tokens.json", JsonSerializer.Serialize(golden.Tokens));
        List<string> args = ["logits", "--model", golden.Files.Checkpoint.Path, "--tokens", tokens, "--out", folder["out.safetensors"], .. flags];
        if (golden.Config.SparseLayerCount > 0)
            args.AddRange(["--moba-chunk-size", Text(golden.Config.MobaChunkSize), "--moba-topk", Text(golden.Config.MobaTopK)]);
        return CliRun.Of([.. args]);
    }

    private static void Check(Checkpoint output, string name, float[] expected, params int[] shape)
    {
        CheckpointTensor tensor = output.Tensors[name];
        Assert.Equal(shape, tensor.Shape);
        float[] found = new float[tensor.ElementCount];
        tensor.CopyTo(found);
        TensorAssert.Close(expected, found, Tolerances.F32, name);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
