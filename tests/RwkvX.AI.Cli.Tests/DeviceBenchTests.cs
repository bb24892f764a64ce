using Xunit;

namespace RwkvX.AI.Cli.Tests;

/// <summary>What <c>rwkvx bench --device cuda</c> skips.</summary>
public sealed class DeviceBenchTests
{
    [Theory]
    [InlineData(100, 20, 0, 0, 120, true)]
    [InlineData(100, 20, 0, 0, 119, false)] // the states count
    [InlineData(0, 20, 0, 0, 19, false)] // also where there are no pages
    [InlineData(100, 20, 60, 0, 60, true)]
    [InlineData(100, 20, 60, 15, 45, true)]
    [InlineData(100, 20, 60, 15, 44, false)]
    [InlineData(100, 20, 1000, 0, 19, false)] // kept pages cannot hold states
    [InlineData(100, 20, 1000, 1000, 0, true)]
    [InlineData(100, 20, 1000, 1000, -1, false)]
    public void Fits_PagesAndStates_AreCountedBeyondWhatIsKept(long pages, long states, long keptPages, long keptStates, long free, bool expected)
        => Assert.Equal(expected, DeviceBench.Fits((pages, states), (keptPages, keptStates), free));
}
