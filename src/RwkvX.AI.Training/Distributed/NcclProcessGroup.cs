using System.Runtime.InteropServices;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Cuda.Interop;
using RwkvX.AI.Training.Cuda;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Distributed;

/// <summary>Processes of one machine, each with the CUDA device that it sees first, that add up over NCCL.</summary>
internal sealed unsafe class NcclProcessGroup : IProcessGroup
{
    private readonly nint _group;
    private readonly Lock _gate = new();
    private string? _failure;

    /// <summary>Waits for all processes of the group.</summary>
    /// <param name="id">What <see cref="NewId"/> gave the first process.</param>
    /// <param name="rank">This process, from 0.</param>
    /// <param name="size">How many there are.</param>
    /// <exception cref="ProcessGroupException">NCCL reports an error.</exception>
    public NcclProcessGroup(string id, int rank, int size)
    {
        (Rank, Size) = (rank, size);
        CudaLibraries.LoadCollectives(null);
        using Tensor first = zeros(1, device: CUDA); // libtorch's context is the current one from here on
        Nccl.UniqueId unique = default;
        Convert.FromHexString(id).CopyTo(new Span<byte>(unique.Bytes, Nccl.IdBytes));
        Check(Nccl.ncclCommInitRank(out _group, size, unique, rank), $"process {rank} of {size}");
    }

    public int Rank { get; }

    public int Size { get; }

    /// <summary>A name for a group, by which its processes find each other.</summary>
    public static string NewId()
    {
        CudaLibraries.LoadCollectives(null);
        Nccl.UniqueId id;
        Check(Nccl.ncclGetUniqueId(&id), "a name for the group");
        return Convert.ToHexString(new ReadOnlySpan<byte>(id.Bytes, Nccl.IdBytes));
    }

    public void Sum(Tensor tensor)
    {
        void* place = TensorPointer.Of(tensor);
        int type = tensor.dtype == ScalarType.Float64 ? Nccl.Float64 : Nccl.Float32;
        Check(Nccl.ncclAllReduce(place, place, (nuint)tensor.numel(), type, Nccl.Sum, _group, 0), "sum"); // on libtorch's default stream
        cuda.synchronize();
        if (_failure is { } failure) throw new ProcessGroupException(failure);
    }

    /// <summary>Ends what waits for a process that is no more; every sum from then on fails.</summary>
    /// <param name="failure">What happened.</param>
    public void Abort(string failure)
    {
        lock (_gate)
        {
            if (_failure is not null) return;
            _failure = failure;
            _ = Nccl.ncclCommAbort(_group);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_failure is null) _ = Nccl.ncclCommDestroy(_group);
            _failure ??= "the group is closed";
        }
    }

    private static void Check(int result, string what)
    {
        if (result != 0) throw new ProcessGroupException($"NCCL: {what}: {Marshal.PtrToStringUTF8((nint)Nccl.ncclGetErrorString(result))}");
    }
}
