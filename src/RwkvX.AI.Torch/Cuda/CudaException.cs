using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A CUDA device, driver or compiler reported an error.</summary>
public class CudaException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="errorName">The vendor's name of the error, such as <c>CUDA_ERROR_LAUNCH_FAILED</c>.</param>
    /// <param name="message">What failed, in words.</param>
    /// <param name="kernel">The kernel, where one is meant.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public CudaException(string errorName, string message, string? kernel = null, Exception? inner = null)
        : base($"{errorName}: {message}", inner)
    {
        ErrorName = errorName;
        Kernel = kernel;
    }

    /// <summary>The vendor's name of the error.</summary>
    public string ErrorName { get; }

    /// <summary>The kernel whose compilation, loading or launch failed; null where none is meant.</summary>
    public string? Kernel { get; }

    /// <summary>The one checker of driver results.</summary>
    internal static void Check(int result, string what)
    {
        if (result != CudaDriver.Success)
            Throw(result, what, null);
    }

    /// <summary>The same where a kernel is meant.</summary>
    internal static void Check(int result, string what, string kernel)
    {
        if (result != CudaDriver.Success)
            Throw(result, $"{what} of {kernel}", kernel);
    }

    /// <summary>The one checker of allocations.</summary>
    internal static void CheckMemory(int result, string what, long bytes)
    {
        if (result != CudaDriver.Success)
            Throw(result, what, null, bytes);
    }

    /// <summary>The one checker of kernel launches.</summary>
    internal static void CheckLaunch(int result, string kernel)
    {
        Check(result, "launch", kernel);
    }

    /// <summary>The one checker of cuBLAS results.</summary>
    internal static unsafe void CheckBlas(int status, string what)
    {
        if (status == CuBlas.AllocationFailed)
            throw DeviceMemoryException.OfDevice(Text(CuBlas.cublasGetStatusName(status)), what);
        if (status != 0)
            throw new CudaException(Text(CuBlas.cublasGetStatusName(status)), what);
    }

    [DoesNotReturn]
    private static unsafe void Throw(int result, string what, string? kernel, long? bytes = null)
    {
        string name = CudaDriver.cuGetErrorName(result, out byte* text) == CudaDriver.Success ? Text(text) : $"CUDA error {result}";
        string words = CudaDriver.cuGetErrorString(result, out text) == CudaDriver.Success ? Text(text) : "no text";
        if (result == CudaDriver.OutOfMemory)
            throw DeviceMemoryException.OfDevice(name, what, bytes, kernel);
        throw new CudaException(name, $"{what}: {words}", kernel);
    }

    private static unsafe string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
