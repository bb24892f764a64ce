using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Cuda;

/// <summary>Where a tensor's elements are, for kernels.</summary>
internal static unsafe partial class TensorPointer
{
    /// <summary>The address of a contiguous tensor's first element, on whichever device it is.</summary>
    /// <exception cref="ArgumentException">The tensor is not contiguous.</exception>
    public static void* Of(Tensor tensor)
    {
        if (!tensor.is_contiguous()) throw new ArgumentException("expected a contiguous tensor", nameof(tensor));
        return (void*)THSTensor_data(tensor.Handle);
    }

    [LibraryImport("LibTorchSharp")]
    private static partial nint THSTensor_data(nint handle);
}
