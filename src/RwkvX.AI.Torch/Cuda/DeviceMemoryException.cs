namespace RwkvX.AI.Torch.Cuda;

/// <summary>The device has not enough memory, or the budget given to the engine does not. States that were not part of the failed call stay valid.</summary>
public sealed class DeviceMemoryException : CudaException
{
    /// <summary>Creates the error.</summary>
    /// <param name="errorName">The vendor's name of the error, or <c>BUDGET</c>.</param>
    /// <param name="what">What needed how much.</param>
    /// <param name="kernel">The kernel, where one is meant.</param>
    public DeviceMemoryException(string errorName, string what, string? kernel = null)
        : base(errorName, what, kernel)
    {
    }
}
