using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Generation.Scheduling;

public sealed class StreamTwinsTests
{
    private const int Tokens = 24;

    private static readonly int Streams = ScalarRun.Count(64, 18); // two long prompts in either

    /// <summary>64 streams of the embedded model, with prompts of many lengths that come while others write: each is, bit for bit, as alone.</summary>
    [Fact]
    public async Task Streams_TogetherOnTheCpuEngine_EqualTheirSoloTwins()
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions());
        PassScheduler scheduler = PassScheduler.For(model);
        (int[] Ids, float[] Logits)[] together = await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => Task.Run(() => WriteAsync(scheduler, i))));
        Assert.True(scheduler.Passes < Streams * Tokens / 2, $"{scheduler.Passes} passes: they did not go together");
        for (int i = 0; i < Streams; i++)
        {
            (int[] ids, float[] logits) = await WriteAsync(new PassScheduler(model), i);
            Assert.Equal(ids, together[i].Ids);
            Assert.Equal(logits, together[i].Logits);
        }
    }

    private static async Task<(int[] Ids, float[] Logits)> WriteAsync(PassScheduler scheduler, int seed)
    {
        Random random = new(seed);
        int[] prompt = [.. Enumerable.Range(0, seed % 16 == 0 ? 700 : random.Next(1, 60)).Select(_ => random.Next(1, scheduler.Model.Config.VocabSize))];
        using RwkvXState state = scheduler.Model.CreateState();
        SamplingOptions options = new() { Temperature = 0.9f, TopP = 0.95f, Seed = seed };
        using TokenGenerator generator = new(scheduler, state, options, priority: (seed % 3) - 1);
        await generator.PrefillAsync(prompt, isLast: true, CancellationToken.None);
        int[] ids = new int[Tokens];
        for (int i = 0; i < Tokens; i++)
        {
            ids[i] = await generator.NextAsync(Tokens - i, CancellationToken.None);
        }

        float[] logits = new float[scheduler.Model.Config.VocabSize];
        using ScheduledSequence last = scheduler.Open();
        await last.RunAsync(state, ids.AsMemory(Tokens - 1), logits, CancellationToken.None);
        return (ids, logits);
    }
}
