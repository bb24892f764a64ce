using RwkvX.AI.Testing;
using RwkvX.AI.Training.Models;
using Xunit;

namespace RwkvX.AI.Training.Tests;

/// <summary>The public API equals the committed baseline; set UPDATE_PUBLIC_API=1 to rewrite it on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Training_PublicApi_EqualsBaseline() => PublicApi.AssertEqualsBaseline(typeof(TrainableModel).Assembly);
}
