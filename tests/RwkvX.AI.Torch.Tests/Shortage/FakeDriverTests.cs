using Xunit;

namespace RwkvX.AI.Torch.Tests.Shortage;

/// <summary>What happens when memory is short, on a driver without a device.</summary>
public sealed class FakeDriverTests
{
    [Fact]
    public void Engine_OnAFakeDriver_LosesNothingWhenMemoryIsShort()
    {
        (int exitCode, string output) = FakeDriver.Run(typeof(EveryShortageTests), typeof(MemoryShortageTests));
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(exitCode == 0, output);
        Assert.Contains("Skipped: 0", output, StringComparison.Ordinal);
    }
}
