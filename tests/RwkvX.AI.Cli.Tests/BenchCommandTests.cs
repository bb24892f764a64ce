using System.Reflection;
using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Torch;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class BenchCommandTests
{
    private static readonly BenchEffort Quick = new()
    {
        PrefillTokens = 32,
        PrefillRuns = 1,
        Rounds = 1,
        RoundSeconds = 0.01,
        WarmUpSeconds = 0.01,
        ShortContext = 100,
        LongContext = 400,
        BandwidthBytes = 1 << 20,
    };

    [Theory]
    [InlineData(90.0, true)]
    [InlineData(0.0, false)]
    public async Task Bench_EmbeddedModel_PrintsAndWritesAllFigures(double maxReadSeconds, bool isRead)
    {
        using TemporaryFolder folder = new();
        CliRun run = (await CliRun.Of("", Quick with { MaxReadSeconds = maxReadSeconds }, "bench", "--json", folder["f.json"])).Succeeded();
        string[] names = ["model", "engine", "read bandwidth", "16 bit prefill", "16 bit decode", "16 bit weights read", "int8 prefill", "int8 decode", "int8 weights read", "int8 over 16 bit", "decode after 100 tokens", "decode after 400 tokens", "long over short context"];
        Assert.Equal(names, run.Lines.Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]));
        Assert.Equal(!isRead, run.Out.Contains("(repeated pages)", StringComparison.Ordinal));

        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(folder["f.json"]));
        JsonElement sixteen = json.RootElement.GetProperty("precisions")[0];
        double decode = sixteen.GetProperty("decode_tokens_per_second").GetDouble(), bytes = sixteen.GetProperty("weight_bytes").GetDouble();
        Assert.True(decode > 0 && bytes > 15e6);
        Assert.Equal(bytes * decode / json.RootElement.GetProperty("read_bandwidth").GetDouble(), sixteen.GetProperty("ratio_to_floor").GetDouble(), 1e-9);
        using ModelFiles files = ModelFiles.OpenDefault();
        Assert.Equal($"{ModelShape.Of(ModelTensors.Read(files).Config)}", json.RootElement.GetProperty("shape").GetString());

        (await CliRun.Of("bench", "plot", folder["f.json"], "--out", folder["f.svg"])).Succeeded();
        Assert.Contains("tokens of context", File.ReadAllText(folder["f.svg"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("32 bit")]
    [InlineData("16 bit", "--precision", "bf16")]
    public async Task Bench_TorchOnCpu_MeasuresItAsItDoesTheManagedEngine(string form, params string[] flags)
    {
        ScalarRun.SkipNative("libtorch");
        string libTorch = typeof(BenchCommandTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "LibTorch").Value!;
        string? missing = new TorchEngineProvider().WhyNot(new EngineRequest { Device = "cpu", LibTorchPath = libTorch });
        Assert.SkipUnless(missing is null, $"no usable libtorch: {missing}");
        using TemporaryFolder folder = new();
        CliRun run = (await CliRun.Of("", Quick with { MaxReadSeconds = 0 }, ["bench", "--engine", "torch", "--device", "cpu", "--libtorch", libTorch, "--json", folder["f.json"], .. flags])).Succeeded();
        string[] names = ["model", "engine", "read bandwidth", $"{form} prefill", $"{form} decode", $"{form} weights read", "decode after 100 tokens", "decode after 400 tokens", "long over short context"];
        Assert.Equal(names, run.Lines.Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]));
        Assert.StartsWith("engine: libtorch 2.", run.Lines[1], StringComparison.Ordinal);
        Assert.Null(run.EngineNote);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(folder["f.json"]));
        Assert.Equal(form, Assert.Single(json.RootElement.GetProperty("precisions").EnumerateArray()).GetProperty("precision").GetString());
    }

    [Fact]
    public async Task Bench_EngineThatCannotRunThere_SaysWhy()
    {
        (await CliRun.Of("bench", "--engine", "cpu", "--device", "cuda")).FailedWith(1, "bench --device cuda: expected --engine torch or auto, found cpu");
        (await CliRun.Of("bench", "--engine", "torch", "--device", "cpu", "--precision", "fp8")).FailedWith(1, "expected precision F32 or BF16");
    }

    [Fact]
    public async Task Plot_NoFigures_SaysWhatIsMissing()
    {
        using TemporaryFolder folder = new();
        (await CliRun.Of("bench", "plot", folder["f.json"], "--out", folder["f.svg"])).FailedWith(1, "f.json: expected a file of rwkvx bench --json, found none");
        foreach (string other in new[] { "{}", "[1]", """{"precisions":[]}""" })
        {
            File.WriteAllText(folder["f.json"], other);
            (await CliRun.Of("bench", "plot", folder["f.json"], "--out", folder["f.svg"])).FailedWith(1, "f.json: expected the figures of rwkvx bench --json");
        }
    }

    [Fact]
    public async Task Bench_Shape_RunsRandomWeightsAndLeavesNothingBehind()
    {
        string[] Leftovers() => Directory.GetFiles(Path.GetTempPath(), "rwkvx-bench-*");
        string[] before = Leftovers();
        CliRun run = (await CliRun.Of("", Quick, "bench", "--shape", "2x64")).Succeeded();
        Assert.Equal("model: random weights, 2x64+0", run.Lines[0]);
        Assert.Contains("long over short context", run.Out, StringComparison.Ordinal); // also of a model without attention
        Assert.Equal(before, Leftovers());
    }

    [Theory]
    [InlineData("12x768+4", 12, 768, 4)]
    [InlineData("12x768+0", 12, 768, 0)]
    [InlineData("32x2560", 32, 2560, 0)]
    public void Parse_Shape_GivesItsSizes(string text, int layers, int width, int sparse)
    {
        RwkvXConfig config = ModelShape.Parse(text)!;
        Assert.Equal((layers, width, sparse, 65_536), (config.LayerCount, config.EmbeddingSize, config.SparseLayerCount, config.VocabSize));
    }

    [Theory]
    [InlineData("12")]
    [InlineData("12x")]
    [InlineData("x768+4")]
    [InlineData("0x768")]
    [InlineData("12x0")]
    [InlineData("12x700")]
    [InlineData("12x768+5")]
    [InlineData("12x768+")]
    [InlineData("12x768+4 ")]
    [InlineData("12x9999999")]
    public void Parse_NoShape_IsNull(string text) => Assert.Null(ModelShape.Parse(text));

    [Fact]
    public void Write_RandomModel_IsAModelOfThatShape()
    {
        using TemporaryFolder folder = new();
        RwkvXConfig config = new() { LayerCount = 4, EmbeddingSize = 128, SparseLayerCount = 2, VocabSize = 300 };
        RandomModel.Write(folder["m.safetensors"], config, default);
        using ModelFiles files = ModelFiles.Open(folder["m.safetensors"]);
        Assert.Equal(config, ModelTensors.Read(files).Config);
    }
}
