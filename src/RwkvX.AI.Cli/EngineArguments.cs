using System.CommandLine;
using System.Globalization;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>The flags that say what calculates; the same in every verb that runs a model.</summary>
internal sealed class EngineArguments
{
    private readonly Option<string> _engine = new("--engine")
    {
        Description = "What calculates: the managed CPU engine, or libtorch and CUDA (package RwkvX.AI.Torch).",
        HelpName = "auto|cpu|torch",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<string> _device = new("--device")
    {
        Description = "Where: auto takes a GPU if it can.",
        HelpName = "auto|cpu|cuda[:N]",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<string?> _libTorch = new("--libtorch")
    {
        Description = "The torch/lib folder of a Python install, instead of RWKVX_LIBTORCH or the tool's own libtorch.",
        HelpName = "FOLDER",
    };

    private readonly Option<string> _state = new("--state")
    {
        Description = "The form of recurrent states between passes, arithmetic being f32 in both. f16, on a GPU alone, halves their memory and makes many sequences at once faster (one alone hardly), for a little exactness.",
        HelpName = "f32|f16",
        DefaultValueFactory = _ => "f32",
    };

    private readonly Option<string?> _precision;

    /// <param name="fallback">The precision without the flag; null for the engine's own.</param>
    public EngineArguments(string? fallback = null)
    {
        _precision = new("--precision")
        {
            Description = "The form of the weights; f32 is as stored, with arithmetic in f32; int8 and fp8 (on a GPU alone) are that of the large matrices." + (fallback is null ? " Without it: f32 on the CPU, bf16 on a GPU." : ""),
            HelpName = "f32|bf16|f16|int8|fp8",
            DefaultValueFactory = _ => fallback,
        };
        _precision.AcceptOnlyFromAmong("f32", "bf16", "f16", "int8", "fp8");
        _state.AcceptOnlyFromAmong("f32", "f16");
        _engine.AcceptOnlyFromAmong("auto", "cpu", "torch");
        _device.Validators.Add(value =>
        {
            if (value.Tokens.Count == 1 && !IsDevice(value.Tokens[0].Value))
                value.AddError($"--device: expected auto, cpu, cuda or cuda:N, found {value.Tokens[0].Value}");
        });
    }

    /// <summary>Adds all flags to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_engine);
        command.Add(_device);
        command.Add(_precision);
        command.Add(_state);
        command.Add(_libTorch);
    }

    /// <summary>What the flags ask for.</summary>
    public EngineRequest Request(ParseResult result) => new()
    {
        Engine = result.GetRequiredValue(_engine),
        Device = result.GetRequiredValue(_device),
        Precision = result.GetValue(_precision) is { } name ? ModelArguments.ParsePrecision(name) : null,
        StatePrecision = ModelArguments.ParsePrecision(result.GetRequiredValue(_state)),
        LibTorchPath = result.GetValue(_libTorch),
    };

    private static bool IsDevice(string device) => device is "auto" or "cpu" or "cuda"
        || (device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out _));
}
