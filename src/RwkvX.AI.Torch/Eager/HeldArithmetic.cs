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

    /// <summary>a · b; whole numbers stay whole.</summary>
    public static Tensor Times(this Tensor a, long b) => Held(b, s => a.mul(s));

    /// <summary>a ← a · b.</summary>
    public static Tensor TimesInPlace(this Tensor a, double b) => Held(b, s => a.mul_(s));

    /// <summary>max(a, least).</summary>
    public static Tensor AtLeast(this Tensor a, double least) => Held(least, s => a.clamp_min(s));

    /// <summary>min(a, most).</summary>
    public static Tensor AtMost(this Tensor a, double most) => Held(most, s => a.clamp_max(s));

    /// <summary>⌊a / divisor⌋ of whole numbers.</summary>
    public static Tensor FloorOver(this Tensor a, long divisor) => Held(divisor, s => a.div(s, RoundingMode.floor));

    /// <summary>What is left of whole numbers divided by b.</summary>
    public static Tensor Modulo(this Tensor a, long b) => Held(b, s => a.remainder(s));

    /// <summary>Whether a is less than b.</summary>
    public static Tensor IsBelow(this Tensor a, long b) => Held(b, s => a.lt(s));

    /// <summary>a, but the number where the mask is true.</summary>
    public static Tensor Masked(this Tensor a, Tensor mask, double number) => Held(number, s => a.masked_fill(mask, s));

    /// <summary>The same for whole numbers.</summary>
    public static Tensor Masked(this Tensor a, Tensor mask, long number) => Held(number, s => a.masked_fill(mask, s));

    /// <summary>Row <c>indices[i]</c> of a's dimension 1 ← itself + row i of <paramref name="rows"/>.</summary>
    public static Tensor AddRowsInPlace(this Tensor a, Tensor indices, Tensor rows) => a.index_add_(1, indices, rows, Scalars.One);

    /// <summary>(count) I64 from <paramref name="first"/> on, one after the other.</summary>
    public static Tensor Range(long first, long count, Device device) =>
        Held(first, start => Held(first + count, end => arange(start, end, Scalars.One, dtype: ScalarType.Int64, device: device)));

    private static Tensor Held(Scalar number, Func<Scalar, Tensor> operation)
    {
        Tensor result = operation(number);
        GC.KeepAlive(number);
        return result;
    }
}
