using System.Globalization;
using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>The device has not enough memory, or the budget given to the engine does not. All states, those of the failed call too, are as they were before it.</summary>
/// <remarks>
/// The message says what was asked for, what is free, what is held for what, and how to mend it. A pass takes what it needs before it begins; should the driver
/// itself find none half-way, the states of that pass are no longer valid, as after any other failure.
/// </remarks>
public sealed class DeviceMemoryException : CudaException
{
    private const string Budget = "BUDGET";

    /// <summary>Creates the error.</summary>
    /// <param name="errorName">The vendor's name of the error, or <c>BUDGET</c>.</param>
    /// <param name="what">What needed how much.</param>
    /// <param name="kernel">The kernel, where one is meant.</param>
    public DeviceMemoryException(string errorName, string what, string? kernel = null)
        : base(errorName, what, kernel)
    {
    }

    /// <summary>Bytes that were asked for; null where the driver or cuBLAS asked for memory of its own.</summary>
    public long? RequestedBytes { get; private init; }

    /// <summary>Bytes of the budget that was exceeded or could not be used up; null where none is meant.</summary>
    public long? BudgetBytes { get; private init; }

    /// <summary>Bytes of the device that nobody held.</summary>
    public long FreeBytes { get; private init; }

    /// <summary>Bytes that engines of this process held.</summary>
    public long HeldBytes { get; private init; }

    /// <summary>The device or the driver has no more.</summary>
    internal static DeviceMemoryException OfDevice(string errorName, string what, long? bytes = null, string? kernel = null, long? budget = null)
        => New(errorName, what, bytes, budget, kernel, "Dispose of states, ask for a smaller page budget (DevicePageBytes, PageBudgetBytes) or for a smaller precision of weights or states, or end other programs on the device.");

    /// <summary>A budget has no more.</summary>
    internal static DeviceMemoryException OfBudget(string what, long bytes, long budget)
        => New(Budget, what, bytes, budget, null, "Dispose of states, drop pages (a retention budget), or raise the budget (DevicePageBytes, PageBudgetBytes).");

    private static DeviceMemoryException New(string errorName, string what, long? bytes, long? budget, string? kernel, string mend)
    {
        long free = CudaDriver.cuMemGetInfo(out nuint left, out nuint total) == CudaDriver.Success ? (long)left : 0, held = DeviceMemory.AllocatedBytes;
        string asked = bytes is null ? what : string.Create(CultureInfo.InvariantCulture, $"{what}: {bytes:N0} bytes were asked for");
        string within = budget is null ? "" : string.Create(CultureInfo.InvariantCulture, $" within a budget of {budget:N0}");
        string kinds = string.Join(", ", DeviceMemory.Kinds.Select(kind => string.Create(CultureInfo.InvariantCulture, $"{kind.What} {kind.Bytes:N0}")));
        string state = string.Create(CultureInfo.InvariantCulture, $"{free:N0} of {(long)total:N0} bytes of the device are free, this process's engines hold {held:N0}");
        return new DeviceMemoryException(errorName, $"{asked}{within}; {state}{(held > 0 ? $" ({kinds})" : "")}. {mend}", kernel)
        {
            RequestedBytes = bytes,
            BudgetBytes = budget,
            FreeBytes = free,
            HeldBytes = held,
        };
    }
}
