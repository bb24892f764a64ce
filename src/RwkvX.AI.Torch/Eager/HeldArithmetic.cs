using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>Operations of tensors with numbers, the numbers held until the operation is done.</summary>
/// <remarks>
/// TorchSharp 0.107 converts a number on the way into each call, the 1 of the operator + among them, and may finalize it while the call still runs
/// (see <see cref="Scalars"/>): under garbage collection its own forms fail now and then. Differences and products of tensors take no number.
/// </remarks>
internal static class HeldArithmetic
{
    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, Scalars.One);

    /// <summary>a ← a + b.</summary>
    public static Tensor PlusInPlace(this Tensor a, Tensor b) => a.add_(b, Scalars.One);

    /// <summary>a ← a + b.</summary>
    public static Tensor PlusInPlace(this Tensor a, double b) => Held(b, s => a.add_(s));

    /// <summary>a · b.</summary>
    public static Tensor Times(this Tensor a, double b) => Held(b, s => a.mul(s));

    /// <summary>a ← a · b.</summary>
    public static Tensor TimesInPlace(this Tensor a, double b) => Held(b, s => a.mul_(s));

    /// <summary>max(a, least).</summary>
    public static Tensor AtLeast(this Tensor a, double least) => Held(least, s => a.clamp_min(s));

    /// <summary>min(a, most).</summary>
    public static Tensor AtMost(this Tensor a, double most) => Held(most, s => a.clamp_max(s));

    private static Tensor Held(Scalar number, Func<Scalar, Tensor> operation)
    {
        Tensor result = operation(number);
        GC.KeepAlive(number);
        return result;
    }
}
