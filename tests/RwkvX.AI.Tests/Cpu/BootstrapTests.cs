using System.Text.Json;
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
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Fixtures, "bootstrap-cases.json")));
        JsonElement text = cases.RootElement.GetProperty(name);
        int[] ids = [.. text.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        using ModelFiles files = ModelFiles.Open(Repository.BootstrapModel);
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions { Threads = 1 });
        using ScheduledRun run = ScheduleLaw.Hold(model, ids, ScalarRun.IsShort && ids.Length > 1000 ? ["300"] : ["1", "300"]);
        Check(text, ids.Length, run.Logits, model.Config.VocabSize);
    }

    private static void Check(JsonElement text, int length, float[] logits, int V)
    {
        int last = text.GetProperty("last").GetInt32();
        for (int i = 0; i < last; i++)
        {
            ReadOnlySpan<float> row = logits.AsSpan((length - last + i) * V, V);
            float[] expected = [.. text.GetProperty("top_logits")[i].EnumerateArray().Select(logit => logit.GetSingle())];
            int[] ids = [.. text.GetProperty("top_ids")[i].EnumerateArray().Select(id => id.GetInt32())];
            TensorAssert.Close(expected, new[] { row[ids[0]], row[ids[1]], row[ids[2]] }, Tolerances.F32Trained, $"position {length - last + i}");
            if (expected[0] - expected[1] > 1e-3)
                Assert.Equal(text.GetProperty("argmax")[i].GetInt32(), System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row));
        }
    }
}
