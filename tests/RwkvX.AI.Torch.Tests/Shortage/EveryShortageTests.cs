using Xunit;

namespace RwkvX.AI.Torch.Tests.Shortage;

/// <summary>Every call of the driver, NVRTC and cuBLAS that may fail for want of memory fails once. Run by <see cref="FakeDriverTests"/>.</summary>
public sealed class EveryShortageTests
{
    private static readonly ShortageRun Run = new(FakeDriver.FailAt, FakeDriver.Count, FakeDriver.Taken, ShortageSubject.Options());

    public static TheoryData<string> Actions => [.. ShortageSubject.Actions.Keys];

    [Fact(Explicit = true)]
    public void Load_FailsHalfWay_GivesAllBack() => Run.Load(step: 1);

    [Theory(Explicit = true)]
    [MemberData(nameof(Actions))]
    public void Do_FailsHalfWay_LeavesAllAsItWas(string action) => Run.Do(action, fresh: true);
}
