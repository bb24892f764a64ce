using RwkvX.AI.Models;

namespace RwkvX.AI.Chat;

/// <summary>The package RwkvX.AI.Torch, where the application has it; the core does not refer to it.</summary>
internal static class TorchPackage
{
    /// <summary>What to tell where it is not there.</summary>
    public const string Missing =
        "expected the package RwkvX.AI.Torch in the application, found none; add it, and a libtorch such as libtorch-cpu-linux-x64 or TorchSharp-cuda-linux (the tool and the samples: build them with -p:RwkvXLibTorch=cpu or cuda)";

    private static readonly Lazy<IRwkvXEngineProvider?> Found = new(static () =>
        Type.GetType("RwkvX.AI.Torch.TorchEngineProvider, RwkvX.AI.Torch", throwOnError: false) is { } type
            ? (IRwkvXEngineProvider?)Activator.CreateInstance(type)
            : null);

    /// <summary>Its provider; null where the application does not have the package.</summary>
    public static IRwkvXEngineProvider? Provider => Found.Value;
}
