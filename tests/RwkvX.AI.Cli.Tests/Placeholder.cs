using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class PlaceholderTests
{
    [Fact]
    public void Main_Builds() => Assert.Equal(64, new Models.RwkvXConfig { EmbeddingSize = 128, LayerCount = 1, SparseLayerCount = 0, VocabSize = 2 }.HeadSize);
}
