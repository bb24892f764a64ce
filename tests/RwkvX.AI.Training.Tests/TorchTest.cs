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
            using torch.Tensor one = torch.ones(1);
            return null;
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException or NotSupportedException)
        {
            return (e.InnerException ?? e).Message;
        }
    }
}
