using PublicApiGenerator;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>The public API equals the committed baseline; set UPDATE_PUBLIC_API=1 to rewrite it on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Torch_PublicApi_EqualsBaseline()
    {
        string baseline = Path.Combine(Repository.Root, "tests", "RwkvX.AI.Torch.Tests", "PublicApi", "RwkvX.AI.Torch.txt");
        string actual = typeof(CudaModel).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1") File.WriteAllText(baseline, actual);
        Assert.Equal(File.ReadAllText(baseline), actual, ignoreLineEndingDifferences: true);
    }
}
