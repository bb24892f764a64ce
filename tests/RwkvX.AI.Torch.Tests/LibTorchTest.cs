using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Tests on CPU libtorch call <see cref="Require"/>, which skips them, saying why, where it does not load.</summary>
internal static class LibTorchTest
{
    private static readonly Lazy<string?> Missing = new(() =>
    {
        try
        {
            LibTorch.Load();
            TorchSharp.torch.set_num_threads(1); // the models are tiny: threads would only wait for each other
            return null;
        }
        catch (LibTorchException e)
        {
            return e.Message;
        }
    });

    public static void Require() => Assert.SkipUnless(Missing.Value is null, $"no usable libtorch: {Missing.Value}");
}
