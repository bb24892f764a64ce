using RwkvX.AI.Testing;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>Model files of the repository.</summary>
internal static class Fixture
{
    public static string Golden(string path) => Path.Combine(Repository.Fixtures, "golden", path);
}
