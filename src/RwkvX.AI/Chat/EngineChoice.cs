using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;

namespace RwkvX.AI.Chat;

/// <summary>Chooses and loads the engine that is asked for: the one place that knows them all.</summary>
internal static class EngineChoice
{
    /// <summary>Loads a model.</summary>
    /// <param name="files">The model; must outlive the engine.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="registered">Providers from the container, asked before those that are found.</param>
    /// <param name="passedOver">Told why <c>auto</c> did not take a GPU.</param>
    /// <exception cref="EngineUnavailableException">What is asked for by name cannot run here.</exception>
    public static IRwkvXModel Load(
        ModelFiles files, EngineRequest request, IEnumerable<IRwkvXEngineProvider>? registered = null, Action<string>? passedOver = null)
    {
        IRwkvXEngineProvider? provider = registered?.FirstOrDefault() ?? TorchPackage.Provider;
        if (request.Engine == "cpu" || (request.Engine == "auto" && request.Device == "cpu"))
        {
            return request.Device is "auto" or "cpu"
                ? LoadManaged(files, request)
                : throw new EngineUnavailableException($"engine cpu: expected device cpu, found {request.Device}; engine torch runs on GPUs");
        }

        if (request.Engine == "auto" && request.Device == "auto")
        {
            EngineRequest gpu = request with { Device = "cuda" };
            string? reason = provider is null ? TorchPackage.Missing : provider.WhyNot(gpu);
            if (reason is null)
            {
                return provider!.Load(ModelTensors.Read(files), gpu);
            }

            passedOver?.Invoke(reason);
            return LoadManaged(files, request);
        }

        if (provider is null)
        {
            throw new EngineUnavailableException($"device {request.Device}, engine {request.Engine}: {TorchPackage.Missing}");
        }

        EngineRequest asked = request;
        if (request.Device == "auto")
        {
            string? reason = provider.WhyNot(request with { Device = "cuda" });
            asked = request with { Device = reason is null ? "cuda" : "cpu" };
            if (reason is not null) passedOver?.Invoke(reason);
        }

        return provider.WhyNot(asked) is { } why
            ? throw new EngineUnavailableException($"device {asked.Device}, engine {provider.Name}: {why}")
            : provider.Load(ModelTensors.Read(files), asked);
    }

    private static CpuModel LoadManaged(ModelFiles files, EngineRequest request) => request.StatePrecision != Precision.F32
        ? throw new EngineUnavailableException($"engine cpu: expected states in F32, found {request.StatePrecision}; those are for device cuda")
        : CpuModel.Load(files, new CpuModelOptions
        {
            Threads = request.Threads,
            Precision = request.Precision ?? Precision.F32,
            PageMemoryBytes = request.PageMemoryBytes,
            PageFolder = request.PageFolder,
        });
}
