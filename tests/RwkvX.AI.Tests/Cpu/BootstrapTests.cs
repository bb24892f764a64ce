using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>A trained model against logits calculated in double precision: a chat, and a passkey prompt far past its window.</summary>
public sealed class BootstrapTests
{
    [Theory]
    [InlineData("chat")]
    [InlineData("passkey2k")] // the published passkey prompt: repeated keys, past the window
    public void Forward_BootstrapText_GivesItsLogitsInEverySchedule(string name)
    {
        Assert.SkipUnless(Directory.Exists(Repository.BootstrapModel), $"the bootstrap model is not at {Repository.BootstrapModel}");
        RecordedText text = RecordedText.Read(name);
        using ModelFiles files = ModelFiles.Open(Repository.BootstrapModel);
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions { Threads = 1 });
        using ScheduledRun run = ScheduleLaw.Hold(model, text.Ids, ScalarRun.IsShort && text.Ids.Length > 1000 ? ["300"] : ["1", "300"]);
        text.AssertClose(run.Logits, model.Config.VocabSize, Tolerances.F32Trained);
    }
}
