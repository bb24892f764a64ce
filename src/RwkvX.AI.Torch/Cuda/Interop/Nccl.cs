using System.Runtime.InteropServices;

namespace RwkvX.AI.Torch.Cuda.Interop;

/// <summary>NCCL: sums over the devices of one machine. Linux only.</summary>
internal static unsafe partial class Nccl
{
    public const string Library = "nccl";

    public const int IdBytes = 128;
    public const int Sum = 0;                  // ncclRedOp_t
    public const int Float32 = 7, Float64 = 8; // ncclDataType_t

    /// <summary>What all processes of a group must know to find each other.</summary>
    public struct UniqueId
    {
        public fixed byte Bytes[IdBytes];
    }

    [LibraryImport(Library)] public static partial int ncclGetUniqueId(UniqueId* id);
    [LibraryImport(Library)] public static partial int ncclCommInitRank(out nint group, int size, UniqueId id, int rank);
    [LibraryImport(Library)] public static partial int ncclCommDestroy(nint group);
    [LibraryImport(Library)] public static partial int ncclCommAbort(nint group);
    [LibraryImport(Library)] public static partial int ncclGroupStart();
    [LibraryImport(Library)] public static partial int ncclGroupEnd();
    [LibraryImport(Library)] public static partial int ncclAllReduce(void* from, void* to, nuint count, int type, int operation, nint group, nint stream);
    [LibraryImport(Library)] public static partial byte* ncclGetErrorString(int result);
}
