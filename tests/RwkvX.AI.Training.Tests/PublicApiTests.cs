using PublicApiGenerator;
using RwkvX.AI.Testing;
using RwkvX.AI.Training.Models;
using Xunit;

namespace RwkvX.AI.Training.Tests;

/// <summary>The public API equals the committed baseline; set UPDATE_PUBLIC_API=1 to rewrite it on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Training_PublicApi_EqualsBaseline()
    {
        string baseline = Path.Combine(Repository.Root, "tests", "RwkvX.AI.Training.Tests", "PublicApi", "RwkvX.AI.Training.txt");
        string actual = typeof(TrainableModel).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1") File.WriteAllText(baseline, actual);
        Assert.Equal(File.ReadAllText(baseline), actual, ignoreLineEndingDifferences: true);
    }
}
