using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class PlaceholderTests
{
    [Fact]
    public void Tool_Assembly_IsNamedRwkvx() => Assert.Equal("rwkvx", System.Reflection.Assembly.Load("rwkvx").GetName().Name);
}
