using System.CommandLine;
using RwkvX.AI.Torch;
using TorchSharp;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx train</c>: everything that makes a model of data, nearly all of it with gradients and so with libtorch.</summary>
internal static class TrainCommand
{
    public static Command Create(CliHost host) => new("train", "Train models, with libtorch.")
    {
        TrainAverageCommand.Create(host),
        TrainBenchCommand.Create(host),
        TrainDataCommand.Create(host),
        TrainGradientsCommand.Create(host),
        TrainRunCommand.Create(host),
        TrainShardsCommand.Create(host),
    };

    /// <summary><c>--device</c> of the verbs that train; the name is for <see cref="OpenDevice"/>.</summary>
    public static Option<string> DeviceOption()
    {
        Option<string> device = new("--device") { Description = "Where to compute.", HelpName = "cpu|cuda", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
        return device;
    }

    /// <summary>Loads libtorch for <c>--device cpu|cuda</c>, and gives that device.</summary>
    /// <exception cref="CliException">There is no libtorch, or no such device.</exception>
    public static torch.Device OpenDevice(string name)
    {
        bool cuda = name == "cuda";
        LoadLibTorch(cuda);
        if (cuda && !torch.cuda.is_available()) throw new CliException("--device cuda: expected a CUDA device, found none");
        return cuda ? torch.CUDA : torch.CPU;
    }

    /// <summary>Loads libtorch, or says how the tool comes by it.</summary>
    /// <exception cref="CliException">There is none, or it does not load.</exception>
    public static void LoadLibTorch(bool cuda = false)
    {
        try
        {
            LibTorch.Load(cuda: cuda);
        }
        catch (LibTorchException e)
        {
            throw new CliException($"training needs libtorch: build the tool with -p:RwkvXLibTorch=cpu or cuda, or set {LibTorch.PathVariable}: {e.Message}", e);
        }
    }
}
