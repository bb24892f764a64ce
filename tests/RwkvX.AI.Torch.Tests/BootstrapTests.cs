using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>A trained model on the device against logits calculated in double precision: a chat, and a passkey prompt far past its window.</summary>
public sealed class BootstrapTests
{
    [Theory]
    [InlineData(Precision.F32, 1024)]
    [InlineData(Precision.F32, 1)]
    [InlineData(Precision.BF16, 4096)]
    [InlineData(Precision.BF16, 1)]
    [InlineData(Precision.F16, 4096)]
    [InlineData(Precision.F16, 1)]
    public void Forward_BootstrapTexts_AgreesWithWhatIsRecorded(Precision precision, int span) => Check(precision, span, Precision.F32);

    [Theory]
    [InlineData(4096)]
    [InlineData(1)]
    public void Forward_BootstrapTextsStatesF16_ChoosesAsRecorded(int span) => Check(Precision.BF16, span, Precision.F16);

    private static void Check(Precision precision, int span, Precision states)
    {
        CudaTest.Require();
        Assert.SkipUnless(Directory.Exists(Repository.BootstrapModel), $"the bootstrap model is not at {Repository.BootstrapModel}");
        using ModelFiles files = ModelFiles.Open(Repository.BootstrapModel);
        using CudaModel model = CudaTest.Load(ModelTensors.Read(files), precision, states: states);
        int v = model.Config.VocabSize;
        foreach (string name in TrainedTexts.Names)
        {
            RecordedText text = RecordedText.Read(name);
            using RwkvXState state = model.CreateState();
            float[] logits = model.Logits(state, text.Ids, span);
            int same = text.SameChoices(logits, v);
            TestContext.Current.TestOutputHelper?.WriteLine($"{precision}, states {states}, spans of {span}, {name}: {same} of {text.Count} choices the same");
            Assert.True(same * 96 >= 94 * text.Count, $"{name}: expected 94 of 96 choices the same, found {same} of {text.Count}");
            if (precision == Precision.F32) text.AssertClose(logits, v, CudaTolerances.F32Trained);
        }
    }
}
