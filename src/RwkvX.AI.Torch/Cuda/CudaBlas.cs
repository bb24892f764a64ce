using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>Matrix products on one stream. Matrices are row-major; accumulation is in single precision.</summary>
internal sealed unsafe class CudaBlas : CudaHandle
{
    // What cuBLAS asks for on Hopper; given by us so that products can be captured.
    private const int WorkspaceBytes = 32 << 20;

    private const int PutByBytes = 32 << 20;

    private readonly CudaDevice _device;
    private readonly DeviceMemory _workspace;
    private readonly int _type;
    private DeviceMemory? _putBy;

    /// <param name="device">The device.</param>
    /// <param name="stream">The stream of all products.</param>
    /// <param name="type">cudaDataType of weights and inputs.</param>
    public CudaBlas(CudaDevice device, CudaStream stream, int type)
    {
        (_device, _type) = (device, type);
        _workspace = new DeviceMemory(device, WorkspaceBytes, "cuBLAS workspace");
        try
        {
            CudaException.CheckBlas(CuBlas.cublasCreate(out nint blas), "cublasCreate");
            Take(blas);
            CudaException.CheckBlas(CuBlas.cublasSetStream(blas, stream.DangerousGetHandle()), "cublasSetStream");
            CudaException.CheckBlas(CuBlas.cublasSetWorkspace(blas, _workspace.Address, WorkspaceBytes), "cublasSetWorkspace");
        }
        catch
        {
            Dispose();
            _workspace.Dispose();
            throw;
        }
    }

    /// <summary>Puts memory by for kernels that cuBLAS loads when a product first needs them: by then a pass has begun to change states.</summary>
    /// <exception cref="DeviceMemoryException">The device has not so much left.</exception>
    public void Prepare() => _putBy ??= new DeviceMemory(_device, PutByBytes, "put by for cuBLAS");

    /// <summary>y (T, rows) = x (T, columns) · wᵀ with w (rows, columns), y in the type of the inputs.</summary>
    public void Multiply(ulong x, ulong w, ulong y, int count, int rows, int columns)
        => Gemm(CuBlas.Transpose, rows, count, columns, w, columns, x, columns, y, rows, _type, 0);

    /// <summary>The same with y in single precision, <paramref name="stride"/> elements from row to row.</summary>
    public void MultiplyWide(ulong x, ulong w, ulong y, int count, int rows, int columns, int stride)
        => Gemm(CuBlas.Transpose, rows, count, columns, w, columns, x, columns, y, stride, CuBlas.TypeF32, 0);

    /// <summary>y (T, rows) += x (T, columns) · wᵀ with w (rows, columns), y in single precision.</summary>
    public void Accumulate(ulong x, ulong w, ulong y, int count, int rows, int columns)
        => Gemm(CuBlas.Transpose, rows, count, columns, w, columns, x, columns, y, rows, CuBlas.TypeF32, 1);

    /// <summary>y (T, rows) = x (T, columns) · w with w (columns, rows), y in the type of the inputs.</summary>
    public void MultiplyTransposed(ulong x, ulong w, ulong y, int count, int rows, int columns)
        => Gemm(CuBlas.NoTranspose, rows, count, columns, w, rows, x, columns, y, rows, _type, 0);

    /// <summary>y (T, rows) += x (T, columns) · w with w (columns, rows), y in single precision.</summary>
    public void AccumulateTransposed(ulong x, ulong w, ulong y, int count, int rows, int columns)
        => Gemm(CuBlas.NoTranspose, rows, count, columns, w, rows, x, columns, y, rows, CuBlas.TypeF32, 1);

    protected override bool Release()
    {
        _workspace.Dispose();
        _putBy?.Dispose();
        return CuBlas.cublasDestroy(handle) == 0;
    }

    // cuBLAS counts columns first: its C (rows, T) is our y (T, rows).
    private void Gemm(int opW, int m, int n, int k, ulong w, int ldw, ulong x, int ldx, ulong y, int ldy, int typeY, float beta)
    {
        float alpha = 1;
        while (true)
        {
            int status = CuBlas.cublasGemmEx(handle, opW, CuBlas.NoTranspose, m, n, k, &alpha, w, _type, ldw, x, _type, ldx, &beta, y, typeY, ldy, CuBlas.Compute32F, CuBlas.DefaultAlgorithm);
            if (status == 0 || _putBy is null)
            {
                CudaException.CheckBlas(status, $"product of ({n}, {k}) by ({m}, {k})");
                return;
            }
            _putBy.Dispose(); // no memory for its kernel, by whatever name: once more with what was put by
            _putBy = null;
        }
    }
}
