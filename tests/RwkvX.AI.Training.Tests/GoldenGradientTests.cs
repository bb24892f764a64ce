using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Training.Losses;
using RwkvX.AI.Training.Models;
using Xunit;

namespace RwkvX.AI.Training.Tests;

/// <summary>Losses and gradients of the golden model, calculated elsewhere in double precision.</summary>
public sealed class GoldenGradientTests : TorchTest
{
    private const double NormTolerance = 1e-3; // relative
    private const double LossTolerance = 1e-4;

    private static readonly string Folder = Path.Combine(Repository.Fixtures, "golden", "hybrid-long");

    [Fact]
    public void HybridLong_LossesAndGradients_AreTheGoldenOnes()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "case.json")));
        JsonElement expected = json.RootElement, longce = expected.GetProperty("longce");
        GradientReport report = Compute(new LongCrossEntropyOptions(
            longce.GetProperty("trunc_len").GetInt32(), longce.GetProperty("interval").GetInt32(), longce.GetProperty("threshold").GetDouble()));

        Assert.Equal(expected.GetProperty("cross_entropy").GetDouble(), report.CrossEntropy, LossTolerance);
        Assert.Equal(longce.GetProperty("loss").GetDouble(), report.LongCrossEntropy!.Value, LossTolerance);
        IReadOnlyDictionary<string, double> norms = report.Norms();
        foreach (JsonProperty norm in expected.GetProperty("grad_norms").EnumerateObject())
        {
            double error = Math.Abs(norms[norm.Name] - norm.Value.GetDouble()) / norm.Value.GetDouble();
            Assert.True(error <= NormTolerance, $"{norm.Name}: expected {norm.Value.GetDouble():g6}, found {norms[norm.Name]:g6}");
        }

        Assert.Equal(expected.GetProperty("grad_norms").EnumerateObject().Count(), norms.Count);
    }

    [Fact]
    public void HybridLong_FirstGradients_AreTheGoldenOnes()
    {
        CheckFirst(Compute(null));
    }

    internal static void CheckFirst(GradientReport report)
    {
        using Checkpoint golden = Checkpoint.Open(Path.Combine(Folder, "grads-first256.safetensors"));
        foreach ((string name, float[] gradient) in report.Gradients)
        {
            float[] expected = new float[golden.Get(name + ".first").ElementCount];
            golden.Get(name + ".first").CopyTo(expected);
            double rms = Math.Sqrt(gradient.Sum(value => (double)value * value) / gradient.Length);
            TensorAssert.Close(expected, gradient.AsSpan(0, expected.Length), (1e-3 * rms) + 1e-7, name);
        }
    }

    internal static GradientReport Compute(LongCrossEntropyOptions? longce, Func<RwkvXConfig, Operators>? forms = null)
    {
        using GoldenCase golden = GoldenCase.Open("hybrid-long");
        using TrainableModel model = TrainableModel.Load(golden.Files);
        using Checkpoint io = Checkpoint.Open(Path.Combine(Folder, "io.safetensors"));
        float[] targets = new float[io.Get("targets").ElementCount];
        io.Get("targets").CopyTo(targets);
        return GradientReport.Compute(model, golden.Tokens, Array.ConvertAll(targets, id => (int)id), longce, (forms ?? (config => Operators.Plain(config)))(model.Config));
    }
}
