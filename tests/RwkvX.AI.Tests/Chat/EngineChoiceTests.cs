using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RwkvX.AI.Chat;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Chat;

/// <summary>Which engine the options lead to. This project does not have the package RwkvX.AI.Torch.</summary>
public sealed class EngineChoiceTests
{
    [Fact]
    public void Load_AutoWithoutPackage_TakesTheCpuAndSaysWhichPackageIsMissing()
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        List<string> reasons = [];
        using IRwkvXModel model = EngineChoice.Load(files, new EngineRequest(), passedOver: reasons.Add);
        Assert.IsType<CpuModel>(model);
        Assert.Contains("RwkvX.AI.Torch", Assert.Single(reasons), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto", "cuda")]
    [InlineData("torch", "cpu")]
    [InlineData("torch", "auto")]
    public void Load_WithoutPackage_SaysWhatToAdd(string engine, string device)
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        EngineUnavailableException error = Assert.Throws<EngineUnavailableException>(
            () => EngineChoice.Load(files, new EngineRequest { Engine = engine, Device = device }));
        Assert.Contains("RwkvX.AI.Torch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_CpuEngineOnAGpu_IsAnError()
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        EngineUnavailableException error = Assert.Throws<EngineUnavailableException>(
            () => EngineChoice.Load(files, new EngineRequest { Engine = "cpu", Device = "cuda" }));
        Assert.Contains("expected device cpu, found cuda", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu", "auto")]
    [InlineData("auto", "cpu")]
    [InlineData("auto", "auto")]
    public void Load_StatesInF16WithoutAGpu_IsAnError(string engine, string device)
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        EngineUnavailableException error = Assert.Throws<EngineUnavailableException>(
            () => EngineChoice.Load(files, new EngineRequest { Engine = engine, Device = device, StatePrecision = Precision.F16 }));
        Assert.Contains("expected states in F32, found F16", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto", "auto", null, "cuda")]
    [InlineData("auto", "auto", "no driver", null)]
    [InlineData("auto", "cuda:1", null, "cuda:1")]
    [InlineData("torch", "auto", null, "cuda")]
    [InlineData("torch", "auto", "no driver", "cpu")]
    [InlineData("torch", "cpu", "no driver", "cpu")]
    [InlineData("auto", "cpu", null, null)]
    public void Load_WithAProvider_AsksItForTheDevice(string engine, string device, string? whyNotCuda, string? expected)
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        FakeProvider provider = new(whyNotCuda);
        List<string> reasons = [];
        using IRwkvXModel model = EngineChoice.Load(files, new EngineRequest { Engine = engine, Device = device, Precision = Precision.BF16 }, [provider], reasons.Add);
        Assert.Equal(device == "auto" && whyNotCuda is not null ? [whyNotCuda] : [], reasons);
        Assert.Equal(expected, provider.Loaded?.Device);
        Assert.Equal(expected is null ? null : Precision.BF16, provider.Loaded?.Precision);
    }

    [Fact]
    public void Load_DeviceThatCannotRun_SaysWhy()
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        EngineUnavailableException error = Assert.Throws<EngineUnavailableException>(
            () => EngineChoice.Load(files, new EngineRequest { Device = "cuda" }, [new FakeProvider("no driver")]));
        Assert.Contains("no driver", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddRwkvX_RegisteredProvider_IsUsedAndItsEngineLogged()
    {
        ServiceCollection services = new();
        LineLogger log = new();
        services.AddSingleton<ILogger<RwkvXChatClient>>(log);
        services.AddSingleton<IRwkvXEngineProvider>(new FakeProvider("no driver"));
        services.AddRwkvX();
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.IsType<CpuModel>(provider.GetRequiredService<IRwkvXModel>());
        Assert.Contains(log.Lines, line => line.Contains("no driver", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("Name = cpu", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:x")]
    public void Validate_WrongDevice_NamesTheForms(string device)
    {
        RwkvXOptions options = new() { Device = device };
        Assert.Contains("cuda:N", Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(options.Validate).Message, StringComparison.Ordinal);
    }

    private sealed class FakeProvider(string? whyNotCuda) : IRwkvXEngineProvider
    {
        public string Name => "torch";

        public EngineRequest? Loaded { get; private set; }

        public string? WhyNot(EngineRequest request) => request.Device == "cpu" ? null : whyNotCuda;

        public IRwkvXModel Load(ModelTensors tensors, EngineRequest request)
        {
            Loaded = request;
            return new ScriptedModel(8, (_, logits) => logits.Clear());
        }
    }

    private sealed class LineLogger : ILogger<RwkvXChatClient>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
