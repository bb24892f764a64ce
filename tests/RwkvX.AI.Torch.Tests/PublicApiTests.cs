using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>The public API equals the committed baseline; set UPDATE_PUBLIC_API=1 to rewrite it on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Torch_PublicApi_EqualsBaseline() => PublicApi.AssertEqualsBaseline(typeof(CudaModel).Assembly);
}
