using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>The public API equals the committed baseline; set UPDATE_PUBLIC_API=1 to rewrite it on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Storage_PublicApi_EqualsBaseline() => PublicApi.AssertEqualsBaseline(typeof(FileStateStore).Assembly);
}
