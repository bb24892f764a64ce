using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch;

/// <summary>The engines of this package: <see cref="CudaModel"/> on <c>cuda</c> devices, <see cref="TorchModel"/> on <c>cpu</c>.</summary>
public sealed class TorchEngineProvider : IRwkvXEngineProvider
{
    /// <inheritdoc/>
    public string Name => "torch";

    /// <inheritdoc/>
    public string? WhyNot(EngineRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            if (request.Device == "cpu")
            {
                if (request.Precision is not (null or Precision.F32 or Precision.BF16))
                    return $"expected precision F32 or BF16 on CPU libtorch, got {request.Precision}";
                if (request.StatePrecision != Precision.F32)
                    return $"expected states in F32 on CPU libtorch, got {request.StatePrecision}";
                LibTorch.Load(request.LibTorchPath);
                return null;
            }

            using CudaDevice device = new(Ordinal(request.Device), request.LibTorchPath);
            return device.ComputeCapability >= CudaModel.LeastComputeCapability ? null : CudaModel.TooOld(device);
        }
        catch (Exception e) when (e is CudaException or LibTorchException)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public IRwkvXModel Load(ModelTensors tensors, EngineRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Device == "cpu")
            return TorchModel.Load(tensors, request.Precision ?? Precision.F32, request.LibTorchPath);
        return CudaModel.Load(tensors, CudaOptions(request));
    }

    /// <summary>What is asked for, as the CUDA engine takes it.</summary>
    internal static CudaModelOptions CudaOptions(EngineRequest request) => new()
    {
        Device = Ordinal(request.Device),
        Precision = request.Precision ?? Precision.BF16,
        StatePrecision = request.StatePrecision,
        LibTorchPath = request.LibTorchPath,
        PageBudgetBytes = request.DevicePageBytes,
        CountLooks = request.CountLooks,
    };

    /// <summary>The N of <c>cuda:N</c>; 0 for <c>cuda</c>.</summary>
    private static int Ordinal(string device) => device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), out int n) ? n
        : device == "cuda" ? 0
        : throw new EngineUnavailableException($"device: expected cpu, cuda or cuda:N, found {device}");
}
