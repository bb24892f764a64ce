using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Stores;

namespace RwkvX.AI.Tests.Sessions.Stores;

public sealed class InMemoryStateStoreTests : StateStoreConformance
{
    protected override IStateStore NewStore(TimeProvider clock, IBlobCipher? cipher, int snapshotsKept) =>
        InMemoryStateStore.Create(new StateStoreOptions { Clock = clock, Cipher = cipher, SnapshotsKept = snapshotsKept });
}
