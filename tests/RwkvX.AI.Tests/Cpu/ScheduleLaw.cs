using RwkvX.AI.Cpu;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>The law on one text, with the chunk choices of the whole sequence imposed on every other schedule.</summary>
internal static class ScheduleLaw
{
    /// <summary>
    /// Stronger than the bar (2e-5 of the largest logit, and choices that differ only where two scores are near): the same bits, and no choice
    /// that an imposed one had to replace. Without such a choice the run is the unforced one too.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">(T)</param>
    /// <param name="schedules">As in <see cref="ScheduledRun.Run"/>.</param>
    /// <returns>The sequence's run, which the caller disposes.</returns>
    public static ScheduledRun Hold(CpuModel model, int[] tokens, params string[] schedules)
    {
        ChoiceLog sequence = new();
        model.ChoiceHook = sequence.Record;
        ScheduledRun whole = ScheduledRun.Run(model, tokens, "sequence");
        Assert.True(Array.TrueForAll(whole.Logits, float.IsFinite));
        foreach (string schedule in schedules)
        {
            ChoiceLog own = new();
            model.ChoiceHook = (layer, position, head, chunks) =>
            {
                own.Record(layer, position, head, chunks);
                sequence.Impose(layer, position, head, chunks);
            };
            using ScheduledRun run = ScheduledRun.Run(model, tokens, schedule);
            TensorAssert.SameBits(whole.Logits, run.Logits, $"{schedule}, choices imposed");
            Assert.Equal(0, sequence.Differences(own));
        }

        model.ChoiceHook = null;
        return whole;
    }
}
