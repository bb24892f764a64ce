namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>A folder that goes away with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("rwkvx-").FullName;

    /// <summary>A path in the folder.</summary>
    public string this[string name] => Path.Combine(_path, name);

    public static implicit operator string(TemporaryFolder folder) => folder._path;

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
