using System.Runtime.InteropServices;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>Something taken from the driver: valid when not null, given back once. <see cref="AliveCount"/> counts all that are, so that tests can see leaks.</summary>
internal abstract class CudaHandle : SafeHandle
{
    private static int _alive;

    /// <param name="owned">False for what the driver has anyway and nobody gives back.</param>
    protected CudaHandle(bool owned = true)
        : base(0, owned)
    {
        if (owned)
            Taking?.Invoke();
    }

    /// <summary>Handles that were taken and not yet given back.</summary>
    public static int AliveCount => Volatile.Read(ref _alive);

    /// <summary>Called before anything is taken from the driver. Tests throw in it, as the driver would.</summary>
    public static Action? Taking { get; set; }

    public override bool IsInvalid => handle == 0;

    /// <summary>From here on it is ours.</summary>
    protected void Take(nint taken)
    {
        SetHandle(taken);
        Interlocked.Increment(ref _alive);
    }

    protected sealed override bool ReleaseHandle()
    {
        Interlocked.Decrement(ref _alive);
        return Release();
    }

    /// <summary>Gives it back; true where that went well. Never throws, since a finalizer may call it.</summary>
    protected abstract bool Release();
}
