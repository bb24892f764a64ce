using System.Reflection;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.House;

/// <summary>Holds the folder order of the core (docs/decisions/0001): a folder uses those below it, never one above.</summary>
public sealed class ArchitectureTests
{
    private const string Root = "RwkvX.AI";

    /// <summary>From the edge to the bytes. Types outside a folder's namespace (DI extensions, public entry types) are of the edge.</summary>
    private static readonly string[] Order =
        ["Chat", "Memory", "Prompts", "Grammars", "Tokenization", "Generation", "Sessions", "Cpu", "Models", "Checkpoints"];

    private static Assembly Core => typeof(IRwkvXModel).Assembly;

    [Fact]
    public void Core_EveryType_UsesOnlyFoldersBelowItsOwn()
    {
        List<string> violations = [];
        foreach (Type type in Core.GetTypes())
        {
            int level = Level(type);
            foreach (Type used in TypeReferences.Of(type))
            {
                // A type without a namespace is the compiler's own (<PrivateImplementationDetails>).
                if (used.Assembly == Core && used.Namespace is not null && Level(used) < level)
                    violations.Add($"{type.FullName} ({Order[level]}) uses {used.FullName} ({Order[Level(used)]})");
            }
        }

        Assert.Empty(violations.Distinct());
    }

    [Fact]
    public void Core_EveryFolder_IsInTheOrder()
    {
        IEnumerable<string> folders = Directory.GetDirectories(Path.Combine(Repository.Root, "src", Root))
            .Select(path => Path.GetFileName(path)!)
            .Where(name => name is not ("bin" or "obj" or "Properties"));
        Assert.All(folders, folder => Assert.Contains(folder, Order));
    }

    [Fact]
    public void Core_EveryFile_HasItsFoldersNamespace()
    {
        string core = Path.Combine(Repository.Root, "src", Root);
        foreach (string folder in Order.Skip(1).Select(name => Path.Combine(core, name)).Where(Directory.Exists))
        {
            foreach (string file in Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories))
            {
                string expected = Root + "." + Path.GetRelativePath(core, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
                Assert.Contains($"namespace {expected};", File.ReadAllText(file), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Core_References_NoNativeOrHeavyPackage()
    {
        string[] allowed = ["System.", "Microsoft.Extensions.", "Microsoft.ML.Tokenizers", "RwkvX.AI.DefaultModel", "netstandard"];
        Assert.All(
            Core.GetReferencedAssemblies(),
            name => Assert.Contains(allowed, prefix => name.Name!.StartsWith(prefix, StringComparison.Ordinal)));
    }

    /// <summary>What a record prints of itself would hold a boxed pointer, which no compiler ahead of time takes.</summary>
    [Fact]
    public void Core_Records_PrintNoPointers() => Assert.Empty(Core.GetTypes()
        .Where(type => type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null)
        .SelectMany(type => type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
        .Where(property => property.PropertyType.IsPointer || property.PropertyType.IsFunctionPointer)
        .Select(property => $"{property.DeclaringType}.{property.Name}"));

    private static int Level(Type type)
    {
        string ns = type.Namespace ?? "";
        if (!ns.StartsWith(Root + ".", StringComparison.Ordinal)) return 0;
        int level = Array.IndexOf(Order, ns[(Root.Length + 1)..].Split('.')[0]);
        return Math.Max(level, 0);
    }
}
