using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.House;

/// <summary>The public API equals the committed baseline; set UPDATE_PUBLIC_API=1 to rewrite it on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Core_PublicApi_EqualsBaseline() => PublicApi.AssertEqualsBaseline(typeof(IRwkvXModel).Assembly);
}
