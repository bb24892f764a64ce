namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>Files of the repository that tests read, and folders that they may write to.</summary>
internal static class Fixture
{
    private static readonly string Root = FindRoot();

    public static string Golden(string path) => Path.Combine(Root, "tests", "fixtures", "golden", path);

    public static string Repository(string path) => Path.Combine(Root, path);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RwkvX.AI.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no RwkvX.AI.sln above the tests");
    }
}
