using System.Runtime.InteropServices;

namespace RwkvX.AI.Torch.Cuda.Interop;

/// <summary>cuBLAS: the matrix products of the prefill.</summary>
internal static unsafe partial class CuBlas
{
    public const string Library = "cublas";

    public const int AllocationFailed = 3;
    public const int NoTranspose = 0, Transpose = 1;
    public const int TypeF32 = 0, TypeF16 = 2, TypeBF16 = 14; // cudaDataType
    public const int Compute32F = 68;                         // cublasComputeType: f32 accumulation, no TF32
    public const int DefaultAlgorithm = -1;

    [LibraryImport(Library, EntryPoint = "cublasCreate_v2")] public static partial int cublasCreate(out nint handle);
    [LibraryImport(Library, EntryPoint = "cublasDestroy_v2")] public static partial int cublasDestroy(nint handle);
    [LibraryImport(Library, EntryPoint = "cublasSetStream_v2")] public static partial int cublasSetStream(nint handle, nint stream);
    [LibraryImport(Library, EntryPoint = "cublasSetWorkspace_v2")] public static partial int cublasSetWorkspace(nint handle, ulong workspace, nuint bytes);
    [LibraryImport(Library)] public static partial byte* cublasGetStatusName(int status);

    [LibraryImport(Library)]
    public static partial int cublasGemmEx(
        nint handle, int opA, int opB, int m, int n, int k, float* alpha, ulong a, int typeA, int lda, ulong b, int typeB, int ldb,
        float* beta, ulong c, int typeC, int ldc, int computeType, int algorithm);
}
