using RwkvX.AI.Generation.Scheduling;
using Xunit;

namespace RwkvX.AI.Tests.Generation.Scheduling;

public sealed class PassPaceTests
{
    private static readonly TimeSpan Stall = TimeSpan.FromMilliseconds(50);

    /// <summary>A machine that needs 2 ms and 0.1 ms a step for steps, and 0.2 ms more for each token of a prompt.</summary>
    private static TimeSpan Cost(int steps, int tokens) =>
        TimeSpan.FromMilliseconds((steps == 0 ? 0 : 2 + (0.1 * steps)) + (0.2 * tokens));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(64)]
    public void Span_AfterSomePasses_FillsTheTimeAndNoMore(int steps)
    {
        PassPace pace = new();
        pace.Observe(steps, 0, Cost(steps, 0));
        int span = 0;
        for (int pass = 0; pass < 20; pass++)
        {
            span = pace.Span(steps, Stall);
            TimeSpan taken = Cost(steps, span);
            Assert.True(taken <= Stall, $"pass {pass} took {taken.TotalMilliseconds} ms");
            pace.Observe(steps, span, taken);
        }

        Assert.InRange(Cost(steps, span).TotalMilliseconds, 45, 50);
    }

    [Fact]
    public void Span_StepsSlowerThanTheStall_StillGivesPromptsHalfOfTheirTime()
    {
        PassPace pace = new();
        pace.Observe(1, 0, TimeSpan.FromMilliseconds(200));
        int span = 0;
        for (int pass = 0; pass < 20; pass++)
        {
            span = pace.Span(1, Stall);
            pace.Observe(1, span, TimeSpan.FromMilliseconds(200 + span));
        }

        Assert.InRange(span, 95, 105);
    }

    [Fact]
    public void Span_MachineBecomesSlower_Follows()
    {
        PassPace pace = new();
        for (int pass = 0; pass < 20; pass++)
        {
            pace.Observe(0, 100, TimeSpan.FromMilliseconds(10));
        }

        Assert.InRange(pace.Span(0, Stall), 190, 200); // twice the last one at most, though 500 would fit
        for (int pass = 0; pass < 40; pass++)
        {
            pace.Observe(0, 100, TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(pace.Span(0, Stall), 45, 55);
    }
}
