using System.Reflection;
using PublicApiGenerator;
using Xunit;

namespace RwkvX.AI.Testing;

/// <summary>The public API of a package, beside the baseline that is committed.</summary>
public static class PublicApi
{
    /// <summary>Options for packages whose extension methods live in the namespaces of what they extend.</summary>
    public static ApiGeneratorOptions WithExtensions { get; } = new()
    {
        IncludeAssemblyAttributes = false,
        DenyNamespacePrefixes = [],
        ExcludeAttributes = ["System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute"],
    };

    /// <summary>Compares an assembly with <c>tests/NAME.Tests/PublicApi/NAME.txt</c>; UPDATE_PUBLIC_API=1 rewrites that on purpose.</summary>
    /// <param name="assembly">The package's.</param>
    /// <param name="options">How it is written; null for all but the assembly's attributes.</param>
    public static void AssertEqualsBaseline(Assembly assembly, ApiGeneratorOptions? options = null)
    {
        string name = assembly.GetName().Name!;
        string baseline = Path.Combine(Repository.Root, "tests", $"{name}.Tests", "PublicApi", $"{name}.txt");
        string actual = assembly.GeneratePublicApi(options ?? new ApiGeneratorOptions { IncludeAssemblyAttributes = false }) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1") File.WriteAllText(baseline, actual);
        Assert.Equal(File.ReadAllText(baseline), actual, ignoreLineEndingDifferences: true);
    }
}
