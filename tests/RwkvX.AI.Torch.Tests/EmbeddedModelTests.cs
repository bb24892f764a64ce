using System.Numerics.Tensors;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>The embedded model on the device, a trained one, with texts far past its window, against the CPU engine.</summary>
public sealed class EmbeddedModelTests
{
    private const int Last = 96; // positions compared of each text

    [Theory]
    [InlineData(Precision.F32, 1024)]
    [InlineData(Precision.F32, 1)]
    [InlineData(Precision.BF16, 4096)]
    [InlineData(Precision.BF16, 1)]
    [InlineData(Precision.F16, 4096)]
    [InlineData(Precision.F16, 1)]
    public void Forward_TrainedTexts_AgreesWithTheCpuEngine(Precision precision, int span) => Check(precision, span, Precision.F32);

    [Theory]
    [InlineData(4096)]
    [InlineData(1)]
    public void Forward_TrainedTextsStatesF16_ChoosesAsTheCpuEngine(int span) => Check(Precision.BF16, span, Precision.F16);

    private static void Check(Precision precision, int span, Precision states)
    {
        CudaTest.Require();
        using ModelFiles files = ModelFiles.Open(Repository.EmbeddedModel); // a pack for a GPU has no embedded one
        using CudaModel device = CudaTest.Load(ModelTensors.Read(files), precision, states: states);
        using CpuModel cpu = CpuModel.Load(files);
        WorldTokenizer tokenizer = WorldTokenizer.Load(Repository.EmbeddedVocabulary);
        ClearChoices choices = default;
        int v = cpu.Config.VocabSize;
        foreach (string name in TrainedTexts.Names)
        {
            int[] ids = tokenizer.Encode(TrainedTexts.Read(name));
            using RwkvXState onCpu = cpu.CreateState(), onDevice = device.CreateState();
            ReadOnlySpan<float> expected = cpu.Logits(onCpu, ids, ids.Length).AsSpan(^(Last * v)..), found = device.Logits(onDevice, ids, span).AsSpan(^(Last * v)..);
            choices += ClearChoices.Of(expected, found, v);
            for (int t = 0; precision == Precision.F32 && t < Last; t++)
            {
                int at = (t * v) + TensorPrimitives.IndexOfMax(expected.Slice(t * v, v));
                Assert.True(Math.Abs(found[at] - expected[at]) <= CudaTolerances.F32Trained, $"{name}, {Last - t} from the end: expected {expected[at]}, found {found[at]}");
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{precision}, states {states}, spans of {span}: {choices}");
        Assert.True(choices.AreKept, $"{precision}: {choices}");
    }
}
