using System.Runtime.InteropServices;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A handle of the driver: valid when not null, released once.</summary>
internal abstract class CudaHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;
}
