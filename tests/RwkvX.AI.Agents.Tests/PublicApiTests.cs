using PublicApiGenerator;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Agents.Tests;

/// <summary>The public API equals the committed baseline; set UPDATE_PUBLIC_API=1 to rewrite it on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Agents_PublicApi_EqualsBaseline()
    {
        string baseline = Path.Combine(Repository.Root, "tests", "RwkvX.AI.Agents.Tests", "PublicApi", "RwkvX.AI.Agents.txt");
        ApiGeneratorOptions options = new()
        {
            IncludeAssemblyAttributes = false,
            DenyNamespacePrefixes = [], // our extension methods live in the namespaces of what they extend
            ExcludeAttributes = ["System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute"],
        };
        string actual = typeof(RwkvXContextProvider).Assembly.GeneratePublicApi(options) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1") File.WriteAllText(baseline, actual);
        Assert.Equal(File.ReadAllText(baseline), actual, ignoreLineEndingDifferences: true);
    }
}
