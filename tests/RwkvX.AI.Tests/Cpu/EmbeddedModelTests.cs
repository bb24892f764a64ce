using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Reference;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>The embedded model, whatever its weights, against the scalar reference in double precision.</summary>
public sealed class EmbeddedModelTests
{
    [Fact]
    public void Forward_TextPastItsWindow_GivesTheReferencesLogitsInEverySchedule()
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions { Threads = 1 });
        using Stream vocabulary = files.OpenVocabulary()!;
        int V = model.Config.VocabSize, length = (model.Config.MobaChunkSize * model.Config.MobaTopK) + 100;
        int[] ids = [.. WorldTokenizer.Load(vocabulary).Encode(TrainedTexts.Read("passkey2k")).Take(length)];
        Assert.Equal(length, ids.Length);

        using ReferenceModel reference = ReferenceModel.Of(files);
        using RwkvXState state = reference.CreateState();
        float[] expected = new float[96 * V];
        reference.Forward(state, ids, expected, TestContext.Current.CancellationToken);
        using ScheduledRun run = ScheduleLaw.Hold(model, ids, "1", "300");
        TensorAssert.Close(expected, run.Logits.AsSpan((length - 96) * V), Tolerances.F32Trained, "the last 96 positions");
    }
}
