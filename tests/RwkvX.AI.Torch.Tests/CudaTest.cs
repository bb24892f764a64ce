using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Tests that need a device call <see cref="Load"/>, which skips them, saying why, where there is none.</summary>
internal static class CudaTest
{
    private static readonly Lazy<string?> Missing = new(FindMissing);

    /// <summary>The engine with a model's weights.</summary>
    public static CudaModel Load(ModelTensors tensors, Precision precision = Precision.F32, bool capture = true, long? pageBudget = null, Precision states = Precision.F32, bool? divide = null)
    {
        Require();
        return CudaModel.Load(tensors, new CudaModelOptions { Precision = precision, StatePrecision = states, CaptureDecoding = capture, PageBudgetBytes = pageBudget, DivideRecurrence = divide });
    }

    public static void Require() => Assert.SkipUnless(Missing.Value is null, $"no usable CUDA device: {Missing.Value}");

    private static string? FindMissing()
    {
        try
        {
            using CudaDevice device = new(0, null);
            return device.ComputeCapability >= 90 ? null : $"{device.Name} has compute capability {device.ComputeCapability / 10.0:f1}, 9.0 is needed";
        }
        catch (CudaException e)
        {
            return e.Message;
        }
    }
}
