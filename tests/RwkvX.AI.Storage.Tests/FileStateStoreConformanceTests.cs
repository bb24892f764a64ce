using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Stores;

namespace RwkvX.AI.Storage.Tests;

public sealed class FileStateStoreConformanceTests : StateStoreConformance, IDisposable
{
    private readonly List<TestFolder> _folders = [];

    public void Dispose() => _folders.ForEach(folder => folder.Dispose());

    protected override IStateStore NewStore(TimeProvider clock, IBlobCipher? cipher, int snapshotsKept)
    {
        _folders.Add(new TestFolder());
        return FileStateStore.Open(new FileStateStoreOptions { Root = _folders[^1].Path, Clock = clock, Cipher = cipher, SnapshotsKept = snapshotsKept });
    }
}
