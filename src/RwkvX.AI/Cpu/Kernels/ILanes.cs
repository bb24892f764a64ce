namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Some floats that are calculated with at once: a kernel written over it has a form for every vector width.</summary>
/// <remarks>
/// The forward pass is generic over its lanes and the JIT compiles one form for each struct, so the choice is made once a model.
/// Within one form every element has a fixed order of operations; forms may differ in rounding where a sum runs across lanes.
/// </remarks>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Floats in it: a power of two from 1 to 16.</summary>
    static abstract int Count { get; }

    static abstract TSelf Load(float* source);

    static abstract TSelf Splat(float value);

    static abstract TSelf operator +(TSelf x, TSelf y);

    static abstract TSelf operator -(TSelf x, TSelf y);

    static abstract TSelf operator *(TSelf x, TSelf y);

    static abstract TSelf operator /(TSelf x, TSelf y);

    /// <summary>x·y + z; with one rounding where the hardware has it.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf z);

    static abstract TSelf Max(TSelf x, TSelf y);

    static abstract TSelf Exp(TSelf x);

    /// <summary>Keeps the first <paramref name="count"/> elements and sets the others to <paramref name="other"/>.</summary>
    static abstract TSelf KeepFirst(TSelf x, int count, float other);

    void Store(float* destination);

    /// <summary>The sum of the elements, in one fixed order.</summary>
    float Sum();

    /// <summary>The largest element.</summary>
    float Largest();

    /// <summary>Which elements are larger than <paramref name="bound"/>: bit i for element i.</summary>
    uint Above(float bound);
}
