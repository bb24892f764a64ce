using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>The embedded model on the device: a trained one, with texts far past its window.</summary>
public sealed class BootstrapTests
{
    [Theory]
    [InlineData(Precision.F32, 1024)]
    [InlineData(Precision.F32, 1)]
    [InlineData(Precision.BF16, 4096)]
    [InlineData(Precision.BF16, 1)]
    [InlineData(Precision.F16, 4096)]
    [InlineData(Precision.F16, 1)]
    public void Forward_BootstrapTexts_AgreeWithReference(Precision precision, int span) => Check(precision, span, Precision.F32);

    [Theory]
    [InlineData(4096)]
    [InlineData(1)]
    public void Forward_BootstrapTextsStatesF16_ChooseAsReference(int span) => Check(Precision.BF16, span, Precision.F16);

    private static void Check(Precision precision, int span, Precision states)
    {
        CudaTest.Require();
        using ModelFiles files = ModelFiles.Open(Path.Combine(Repository.Root, "models", "rwkvx-10m"));
        using CudaModel model = CudaTest.Load(ModelTensors.Read(files), precision, states: states);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Fixtures, "bootstrap-cases.json")));
        int equal = 0, positions = 0;
        foreach (JsonElement text in cases.RootElement.EnumerateObject().Select(property => property.Value))
        {
            int[] ids = Numbers(text, "ids");
            int v = model.Config.VocabSize, last = text.GetProperty("last").GetInt32();
            float[] logits = new float[ids.Length * v];
            using RwkvXState state = model.CreateState();
            for (int t = 0; t < ids.Length; t += span)
            {
                int count = Math.Min(span, ids.Length - t);
                model.Forward(state, ids.AsMemory(t, count), logits.AsMemory(t * v, count * v));
            }
            int[] argmax = Numbers(text, "argmax");
            for (int i = 0; i < last; i++)
            {
                ReadOnlySpan<float> row = logits.AsSpan((ids.Length - last + i) * v, v);
                int[] topIds = [.. text.GetProperty("top_ids")[i].EnumerateArray().Select(e => e.GetInt32())];
                float[] top = [.. text.GetProperty("top_logits")[i].EnumerateArray().Select(e => e.GetSingle())];
                positions++;
                equal += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row) == argmax[i] ? 1 : 0;
                if (precision != Precision.F32)
                    continue;
                for (int k = 0; k < top.Length; k++)
                    Assert.True(Math.Abs(row[topIds[k]] - top[k]) <= CudaTolerances.F32Trained, $"position {i}, token {topIds[k]}: expected {top[k]}, found {row[topIds[k]]}");
                if (top[0] - top[1] > 1e-3)
                    Assert.Equal(argmax[i], System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row));
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{precision}, states {states}, spans of {span}: arg-max equal at {equal} of {positions}");
        Assert.True(equal * 96 >= 94 * positions, $"{precision}: arg-max equal at {equal} of {positions} positions, expected 94 of 96");
    }

    private static int[] Numbers(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(e => e.GetInt32())];
}
