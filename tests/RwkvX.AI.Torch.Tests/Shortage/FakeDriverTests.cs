using Xunit;

namespace RwkvX.AI.Torch.Tests.Shortage;

/// <summary>Every call of the driver, NVRTC and cuBLAS that may fail for want of memory fails once, on a driver without a device.</summary>
/// <remarks>The explicit tests run in a process of their own, which <see cref="Engine_EveryCallThatTakesMemoryFails_LosesNothing"/> starts.</remarks>
public sealed class FakeDriverTests
{
    private static readonly ShortageRun Run = new(FakeDriver.FailAt, FakeDriver.Count, FakeDriver.Taken, new CudaModelOptions { Precision = Models.Precision.F32, PageBudgetBytes = 64 << 20, CountLooks = true, KernelCacheFolder = "" });

    public static TheoryData<string> Actions => [.. ShortageSubject.Actions.Keys];

    [Fact]
    public void Engine_EveryCallThatTakesMemoryFails_LosesNothing()
    {
        (int exitCode, string output) = FakeDriver.Run(typeof(FakeDriverTests));
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(exitCode == 0, output);
    }

    [Fact(Explicit = true)]
    public void Load_FailsHalfWay_GivesAllBack() => Print("load", Run.Load(step: 1));

    [Theory(Explicit = true)]
    [MemberData(nameof(Actions))]
    public void Do_FailsHalfWay_LeavesAllAsItWas(string action) => Print(action, Run.Do(action, fresh: true));

    private static void Print(string what, int failures)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {failures} failures");
        Assert.True(failures > 0, "nothing failed: the test could not");
    }
}
