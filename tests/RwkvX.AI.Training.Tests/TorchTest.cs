using RwkvX.AI.Testing;
using RwkvX.AI.Torch;
using TorchSharp;
using Xunit;

namespace RwkvX.AI.Training.Tests;

/// <summary>Tests over libtorch derive from this; they are skipped, saying why, where it cannot be loaded.</summary>
public abstract class TorchTest : IDisposable
{
    private static readonly Lazy<string?> Missing = new(FindMissing);

    private readonly DisposeScope? _scope;

    protected TorchTest()
    {
        ScalarRun.SkipNative("libtorch");
        Assert.SkipUnless(Missing.Value is null, $"libtorch does not load: {Missing.Value}");
        _scope = torch.NewDisposeScope();
    }

    public void Dispose()
    {
        _scope?.Dispose();
        GC.SuppressFinalize(this);
    }

    private static string? FindMissing()
    {
        try
        {
            LibTorch.Load();
            torch.set_num_threads(1); // toy sizes: more threads only wait for each other
            return null;
        }
        catch (LibTorchException e)
        {
            return e.Message;
        }
    }
}
